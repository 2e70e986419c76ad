/** Ids of platforms, channels and versions; what is not known yet gets one (spec/uni-pay.md §5.1). */
import type { GroupKey } from './orders.ts'

type Row = UniCloudGuest.Row

export interface GroupIds {
  platform_id: string
  channel_id: string
  version_id: string
}

export async function idsOf({ appid, platform, channel, version }: GroupKey): Promise<GroupIds> {
  const create_time = Date.now()
  const platform_id = await idIn(
    'uni-stat-app-platforms',
    { code: platform },
    { name: platform, create_time },
  )
  const channel_id = await idIn(
    'uni-stat-app-channels',
    { appid, platform_id, channel_code: channel },
    { channel_name: '', create_time },
  )
  const version_id = await idIn(
    'opendb-app-versions',
    { appid, uni_platform: platform, type: 'native_app', version },
    // Offline: it says that there are such apps, not that they are to be offered.
    { platform: [], stable_publish: false, create_env: 'uni-stat', create_date: create_time },
  )
  return { platform_id, channel_id, version_id }
}

// internals

async function idIn(table: string, key: Row, more: Row): Promise<string> {
  const collection = uniCloud.database().collection(table)
  const { data } = await collection.where(key).field({ _id: true }).limit(1).get()
  if (data[0]) return String(data[0]._id)
  return (await collection.add({ ...key, ...more })).id
}
