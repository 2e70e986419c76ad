/** Errors of user code as text for the log: their frames first, ours folded (shared style, "Errors"). */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'

/** The error with its stack, causes and own members; any other thrown value as the console would show it. */
export function describeThrown(error: unknown): string {
  try {
    return foldFrames(
      error instanceof Error ? inspect(error, { depth: 5 }) : `thrown: ${inspect(error, { depth: 5 })}`,
    )
  } catch {
    return 'an error that cannot be shown'
  }
}

/** Drops the frames of our own code and of Node's. */
export function foldFrames(text: string): string {
  const kept: string[] = []
  for (const line of text.split('\n')) {
    if (!isOurs(line)) kept.push(line)
    // The last frame opens the list of the error's own members.
    else if (line.endsWith(' {')) kept.push(`${kept.pop() ?? ''} {`)
  }
  return kept.join('\n')
}

// internals

function isOurs(line: string): boolean {
  return /^\s+at /.test(line) && ours.some((part) => line.includes(part))
}

/** Where the frames of this bundle (or of these sources, in-process) come from. */
const here = path.dirname(fileURLToPath(import.meta.url))
const root = ['guest', 'chunks'].includes(path.basename(here)) ? path.dirname(here) : here
const ours = [`${root}${path.sep}guest${path.sep}`, `${root}${path.sep}chunks${path.sep}`, 'node:']
