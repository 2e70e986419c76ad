/** Who was there in a period: devices and users in the session logs of uni-stat (spec/uni-pay.md §5.2). */
import { type GroupKey, nothing, textOf } from './orders.ts'
import { spanOf, type Windows } from './windows.ts'

type Row = UniCloudGuest.Row

export class Activity {
  readonly #devices: Counts
  readonly #users: Counts

  private constructor(devices: Counts, users: Counts) {
    this.#devices = devices
    this.#users = users
  }

  static async of(windows: Windows): Promise<Activity> {
    return new Activity(
      await countIn('uni-stat-session-logs', 'device_id', windows),
      await countIn('uni-stat-user-session-logs', 'uid', windows),
    )
  }

  devices(index: number, key: GroupKey): number {
    return this.#devices.get(nameOf(index, key)) ?? 0
  }

  users(index: number, key: GroupKey): number {
    return this.#users.get(nameOf(index, key)) ?? 0
  }
}

// internals

/** By window and group. */
type Counts = Map<string, number>

/** One query for all groups: a year of hours has thousands of both. */
async function countIn(table: string, who: 'device_id' | 'uid', windows: Windows): Promise<Counts> {
  const { start, end, indexOf } = spanOf(windows)
  const { and, gte, lte, nin } = uniCloud.database().command
  const key = {
    index: indexOf('$create_time'),
    appid: '$appid',
    version: textOf('$version'),
    platform: { $ifNull: [oneName, ''] },
    channel: textOf('$channel'),
  }
  const { data } = await uniCloud
    .database()
    .collection(table)
    .aggregate()
    .match({ create_time: and?.([gte?.(start), lte?.(end)]), [who]: nin?.(nothing) })
    .group({ _id: { ...key, who: `$${who}` } })
    .group({ _id: againOf(Object.keys(key)), total: { $sum: 1 } })
    .limit(100_000)
    .end()
  return new Map(
    data.map(({ _id, total }) => {
      const { index, ...group } = _id as Row
      return [nameOf(Number(index), group as unknown as GroupKey), Number(total)]
    }),
  )
}

/** The same members of the group before. */
function againOf(names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, `$_id.${name}`]))
}

function nameOf(index: number, { appid, version, platform, channel }: GroupKey): string {
  const name = Object.hasOwn(aliases, platform) ? aliases[platform] : platform
  return JSON.stringify([index, appid, version, name, channel])
}

/** Older clients say it otherwise; who came in both ways is one all the same. */
const aliases: Record<string, string> = { h5: 'web', 'app-plus': 'app' }

const oneName: Row = {
  $switch: {
    branches: Object.entries(aliases).map(([old, name]) => ({
      case: { $eq: ['$platform', old] },
      // biome-ignore lint/suspicious/noThenProperty: MongoDB calls it so
      then: name,
    })),
    default: '$platform',
  },
}
