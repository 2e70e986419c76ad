/** Who calls: the address of the connection, or what trusted proxies say (spec/http.md §3: `http.trustProxy`). */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { LocalError } from '../../errors/errors.ts'

export type ClientIp = (req: IncomingMessage) => string

/**
 * @param trust `false`: the connection alone counts; `true`: the leftmost X-Forwarded-For entry; a list of addresses
 *   and CIDR ranges: the first entry, from the right, that no trusted proxy reported about itself
 * @throws LocalError CONFIG_INVALID for an entry that is neither an address nor a range
 */
export function clientIpOf(trust: boolean | readonly string[]): ClientIp {
  if (trust === false || (trust !== true && trust.length === 0)) return socketIp
  const trusted = trust === true ? () => true : trustedBy(trust)
  return (req) => {
    let ip = socketIp(req)
    const forwarded = req.headers['x-forwarded-for']
    if (forwarded === undefined) return ip
    const hops = String(forwarded).split(',')
    // Each hop vouches for the one before it; the chain ends at the first that is not trusted or makes no sense.
    for (let at = hops.length - 1; at >= 0 && trusted(ip); at--) {
      const hop = plainAddress(hops[at]!)
      if (hop === undefined) break
      ip = hop
    }
    return ip
  }
}

/** The peer's address; IPv4 inside IPv6 is written as IPv4. */
export function socketIp(req: IncomingMessage): string {
  const address = req.socket.remoteAddress
  return address === undefined ? '127.0.0.1' : unmapped(address)
}

/** Whether an address is of this machine. */
export function isLoopback(address: string): boolean {
  const plain = unmapped(address)
  return plain === '::1' || (plain.startsWith('127.') && isIP(plain) === 4)
}

// internals

function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]:80` -> the address; anything else is nothing. */
function plainAddress(text: string): string | undefined {
  const trimmed = text.trim()
  const bare = /^\[(.*)\](?::\d+)?$/.exec(trimmed)?.[1] ?? /^([\d.]+):\d+$/.exec(trimmed)?.[1] ?? trimmed
  const plain = unmapped(bare)
  return isIP(plain) === 0 ? undefined : plain
}

function trustedBy(entries: readonly string[]): (ip: string) => boolean {
  const list = new BlockList()
  for (const entry of entries) addEntry(list, entry)
  return (ip) => list.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')
}

function addEntry(list: BlockList, entry: string): void {
  const [address = '', bits] = entry.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  try {
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, /^\d+$/.test(bits) ? Number(bits) : -1, family)
  } catch (cause) {
    throw new LocalError('CONFIG_INVALID', `http.trustProxy: '${entry}' is neither an address nor a range`, {
      hint: 'write an address such as 10.0.0.1 or a range such as 10.0.0.0/8',
      cause,
    })
  }
}
