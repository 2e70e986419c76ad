/**
 * A ZIP archive as Alipay packs its bills: file names in GBK and not marked as UTF-8, which is what readers of these
 * archives have to cope with. yazl writes UTF-8 names only, JSZip the UTF-8 name beside the other, which hides the trouble.
 */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  /** As its bytes stand in the archive. */
  name: Buffer
  content: Buffer
}

/** @param time of all entries: parts of a clock, as the archive keeps no zone */
export function zip(entries: readonly ZipEntry[], time: Date): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content } of entries) {
    const packed = deflateRawSync(content)
    const facts = factsOf(name, content, packed, time)
    const local = Buffer.concat([LOCAL, facts, name, packed])
    locals.push(local)
    directory.push(centralOf(facts, name, offset))
    offset += local.length
  }
  const central = Buffer.concat(directory)
  return Buffer.concat([...locals, central, endOf(entries.length, central.length, offset)])
}

// internals

const LOCAL = Buffer.from('504b0304', 'hex')
const CENTRAL = Buffer.from('504b01021400', 'hex')
const END = Buffer.from('504b0506', 'hex')

/** From "version needed" to "extra field length", as both headers of an entry have it. */
function factsOf(name: Buffer, content: Buffer, packed: Buffer, time: Date): Buffer {
  const facts = Buffer.alloc(26)
  facts.writeUInt16LE(20, 0)
  facts.writeUInt16LE(8, 4)
  facts.writeUInt16LE(
    (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1),
    6,
  )
  const year = Math.max(0, time.getUTCFullYear() - 1980)
  facts.writeUInt16LE((year << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate(), 8)
  facts.writeUInt32LE(crc32(content), 10)
  facts.writeUInt32LE(packed.length, 14)
  facts.writeUInt32LE(content.length, 18)
  facts.writeUInt16LE(name.length, 22)
  return facts
}

function centralOf(facts: Buffer, name: Buffer, offset: number): Buffer {
  // Comment length, disk, attributes: all of them nothing.
  const rest = Buffer.alloc(14)
  rest.writeUInt32LE(offset, 10)
  return Buffer.concat([CENTRAL, facts, rest, name])
}

function endOf(count: number, size: number, offset: number): Buffer {
  const rest = Buffer.alloc(18)
  rest.writeUInt16LE(count, 4)
  rest.writeUInt16LE(count, 6)
  rest.writeUInt32LE(size, 8)
  rest.writeUInt32LE(offset, 12)
  return Buffer.concat([END, rest])
}
