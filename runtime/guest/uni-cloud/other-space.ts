/** `uniCloud.init`: another space of the same account, from the cloud side (spec/runtime.md §7). */
import { providers } from '../../provider.ts'
import type { GuestRuntime } from '../guest-context.ts'
import { invalidParam, notSupported, UniCloudError } from './error.ts'

/** What another space does not offer here: files and redis belong to the space that serves them. */
const withoutOthers = ['uploadFile', 'getTempFileURL', 'deleteFile', 'downloadFile', 'getFileInfo'] as const

/**
 * @param open members that work with another space, given its id
 * @param own the `uniCloud` of this space
 * @returns `own` for this space itself; for others an object whose calls reject with `INVALID_SPACE` unless the space
 *   is configured
 */
export function initSpace(
  runtime: GuestRuntime,
  own: object,
  open: (spaceId: string) => object,
  options: { spaceId?: unknown },
): object {
  const spaceId = options?.spaceId
  if (typeof spaceId !== 'string' || spaceId === '') throw invalidParam('init: spaceId is required')
  if (spaceId === runtime.space.spaceId) return own
  const missing = withoutOthers.map((member) => [
    member,
    async () => {
      throw notSupported(
        `uniCloud.init(…).${member} is not available: files of other local spaces are not served`,
      )
    },
  ])
  return { ...Object.fromEntries(missing), ...open(spaceId) }
}

/**
 * The id of a space that may be used from here, for requests to the host.
 * @throws UniCloudError INVALID_SPACE
 */
export function otherSpace({ space }: GuestRuntime, spaceId: string): string {
  if (!providers[space.provider].crossSpace) {
    throw new UniCloudError({
      errCode: 'INVALID_SPACE',
      errMsg: `cloud functions of ${space.provider} cannot use another space ([${spaceId}])`,
    })
  }
  if (space.otherSpaces.includes(spaceId)) return spaceId
  throw new UniCloudError({
    errCode: 'INVALID_SPACE',
    errMsg: `space [${spaceId}] is unknown here: name it and its project folder under "spaces" in unicloud-local.config.ts`,
  })
}
