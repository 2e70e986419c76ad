/**
 * CRC-32C (Castagnoli), the checksum of journal records and collection files. Node's own `zlib.crc32` is another
 * polynomial. Four bytes at a time by tables.
 * @param before the checksum of what came before, to go on from
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  let at = 0
  const whole = bytes.length - (bytes.length & 3)
  for (; at < whole; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      TABLE[768 + (crc & 255)]! ^
      TABLE[512 + ((crc >>> 8) & 255)]! ^
      TABLE[256 + ((crc >>> 16) & 255)]! ^
      TABLE[crc >>> 24]!
  }
  for (; at < bytes.length; at++) crc = TABLE[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

// internals

/** Four tables of 256: how a byte changes the sum when none, one, two or three bytes follow it. */
const TABLE = buildTable()

function buildTable(): Int32Array {
  const table = new Int32Array(1024)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    table[byte] = crc
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let follow = 1; follow < 4; follow++) {
      const shorter = table[(follow - 1) * 256 + byte]!
      table[follow * 256 + byte] = table[shorter & 255]! ^ (shorter >>> 8)
    }
  }
  return table
}
