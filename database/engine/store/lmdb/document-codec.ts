import type { Doc } from '../../values/types.ts'
import { BsonReader, NameCache } from '../bson-reader.ts'
import { BsonWriter } from '../bson-writer.ts'

/** Documents to BSON and back. Bytes are only good until the next call: lmdb copies them at once. */
export class DocumentCodec {
  readonly #names = new NameCache()
  readonly #writer = new BsonWriter()

  encode(doc: object): Buffer {
    this.#writer.reset()
    this.#writer.document(doc as Doc)
    return this.#writer.bytes
  }

  decode(bytes: Uint8Array): Doc {
    // Long values come straight out of the mapped file, and are no Buffer then.
    const buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return new BsonReader(buffer, 0, this.#names).document()
  }
}
