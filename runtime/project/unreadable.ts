/** Files and folders of a project that the machine will not hand over: rights, loops of links, broken disks. */
import { LocalError } from '../../errors/errors.ts'

/** `EACCES: permission denied` of a failed system call, without the path that the message names anyway. */
export function systemReason(error: unknown): string {
  const { message, syscall } = error as NodeJS.ErrnoException
  return syscall === undefined ? message : message.replace(new RegExp(`, ${syscall}\\b.*$`, 's'), '')
}

/** A failed look at the project's files as the user's matter; everything else comes back as it is. */
export function unreadable(error: unknown): unknown {
  const { path: file, syscall } = error as NodeJS.ErrnoException
  if (!(error instanceof Error) || file === undefined || syscall === undefined) return error
  return new LocalError('PROJECT_INVALID', `the project cannot be read: ${systemReason(error)}`, {
    where: { file },
    hint: 'the user who runs this needs the right to read all of the project',
    cause: error,
  })
}
