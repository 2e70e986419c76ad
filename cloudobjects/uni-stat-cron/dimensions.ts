/** Ids of platforms, channels and versions; what is not known yet gets one (spec/uni-pay.md §5.1). */
import type { GroupKey } from './orders.ts'

type Row = UniCloudGuest.Row

export interface GroupIds {
  platform_id: string
  channel_id: string
  version_id: string
}

/** Looks each up once. */
export class Dimensions {
  readonly #ids = new Map<string, Promise<string>>()

  async idsOf({ appid, platform, channel, version }: GroupKey): Promise<GroupIds> {
    const create_time = Date.now()
    const platform_id = await this.#idIn(
      'uni-stat-app-platforms',
      { code: platform },
      { name: platform, create_time },
    )
    const channel_id = await this.#idIn(
      'uni-stat-app-channels',
      { appid, platform_id, channel_code: channel },
      { channel_name: '', create_time },
    )
    const version_id = await this.#idIn(
      'opendb-app-versions',
      { appid, uni_platform: platform, type: 'native_app', version },
      // Offline: it says that there are such apps, not that they are to be offered.
      { platform: [], stable_publish: false, create_env: 'uni-stat', create_date: create_time },
    )
    return { platform_id, channel_id, version_id }
  }

  // internals

  #idIn(table: string, key: Row, more: Row): Promise<string> {
    const name = JSON.stringify([table, key])
    const known = this.#ids.get(name) ?? findOrAdd(table, key, more)
    this.#ids.set(name, known)
    return known
  }
}

// internals

async function findOrAdd(table: string, key: Row, more: Row): Promise<string> {
  const collection = uniCloud.database().collection(table)
  const { data } = await collection.where(key).field({ _id: true }).limit(1).get()
  if (data[0]) return String(data[0]._id)
  return (await collection.add({ ...key, ...more })).id
}
