/**
 * Redis values are bytes. The store holds them as strings with one character per byte: they compare, hash and slice
 * as bytes do, and plain ASCII costs nothing to convert.
 */

/** One character per byte, U+0000 to U+00FF. */
export type Bytes = string

export function toBytes(value: string | Uint8Array): Bytes {
  if (typeof value !== 'string') {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
  }
  return isAscii(value) ? value : Buffer.from(value, 'utf8').toString('latin1')
}

/** UTF-8 text; bytes that are none become U+FFFD, as in node-redis. */
export function toText(bytes: Bytes): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

// internals

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false
  return true
}
