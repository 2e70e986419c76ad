/** Record numbers as lmdb's values: six bytes, in their order, so that equal keys keep the order of insertion. */
export class RecordCodec {
  readonly #bytes = Buffer.alloc(LENGTH)

  /** The bytes are good until the next call; lmdb takes them at once. */
  encode(record: number): Buffer {
    this.#bytes.writeUIntBE(record, 0, LENGTH)
    return this.#bytes
  }

  decode(bytes: Buffer): number {
    return bytes.readUIntBE(0, LENGTH)
  }
}

// internals

const LENGTH = 6
