/** Largest message in bytes, as `hello` announces it. */
export const MAX_MESSAGE_BYTES = 48_000_000

/** What a client sent is no message of the protocol; the connection has to be closed. */
export class ProtocolError extends Error {}

/** Cuts the bytes of a connection into messages, each with its 16 bytes of header. */
export class MessageReader {
  #chunks: Buffer[] = []
  #size = 0
  #wanted = 0

  /**
   * Takes the next bytes and gives the messages they complete.
   * @throws ProtocolError when a length is impossible
   */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const messages: Buffer[] = []
    while (this.#size >= HEADER_BYTES) {
      if (this.#wanted === 0) this.#wanted = this.#readLength()
      if (this.#size < this.#wanted) break
      messages.push(this.#cut())
    }
    return messages
  }

  // internals

  #readLength(): number {
    if (this.#chunks[0]!.length < 4) this.#chunks = [Buffer.concat(this.#chunks)]
    const length = this.#chunks[0]!.readInt32LE(0)
    if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
      throw new ProtocolError(`message of ${length} bytes`)
    }
    return length
  }

  #cut(): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    if (all.length === this.#wanted) {
      this.#chunks = []
      this.#size = 0
      this.#wanted = 0
      return all
    }
    const rest = all.subarray(this.#wanted)
    const message = all.subarray(0, this.#wanted)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#size = rest.length
    this.#wanted = 0
    return message
  }
}

// internals

const HEADER_BYTES = 16
