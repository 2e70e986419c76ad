/** The tables of the upgrade center. Read with server rights: the check itself needs no permission. */
import type { VersionRow } from './decide.ts'

/**
 * The online rows of an app on a platform, newest first; at most 100, and only the newest of each type counts.
 *
 * @param appid anything but a string finds nothing: it comes from the client and must not be taken for a condition
 */
export async function findOnlineVersions(
  appid: unknown,
  platform: unknown,
  filter: Record<string, unknown> = {},
): Promise<VersionRow[]> {
  if (typeof appid !== 'string' || typeof platform !== 'string') return []
  const { data } = await table('opendb-app-versions')
    .where({ appid, platform, stable_publish: true, ...filter })
    .orderBy('create_date', 'desc')
    .get()
  return data
}

export async function findApp(appid: unknown): Promise<UniCloudGuest.Row | undefined> {
  if (typeof appid !== 'string') return undefined
  const { data } = await table('opendb-app-list').where({ appid }).limit(1).get()
  return data[0]
}

/** Replaces the whole record; its creation date starts anew (spec/upgrade-center.md §4). */
export async function replaceApp(id: string, value: UniCloudGuest.Row): Promise<UniCloudGuest.Row> {
  const { _id: _, ...fields } = value
  return await table('opendb-app-list')
    .doc(id)
    .set({ ...fields, create_date: Date.now() })
}

// internals

function table(name: string): UniCloudGuest.Collection {
  return uniCloud.database().collection(name)
}
