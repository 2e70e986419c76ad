import { connect, type Socket } from 'node:net'
import { deserialize, serialize } from 'bson'
import type { Doc } from '../../../database/engine/values/types.ts'

/** A client that builds its messages by hand, right and wrong ones. */
export class RawClient {
  readonly #socket: Socket
  #bytes = Buffer.alloc(0)
  #closed = false
  #wake: () => void = () => {}

  constructor(uri: string) {
    const { hostname, port } = new URL(uri)
    this.#socket = connect(Number(port), hostname)
    this.#socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#wake()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** The next reply; undefined when the server has closed the connection. */
  async reply(): Promise<{ responseTo: number; code: number; body: Doc } | undefined> {
    while (this.#bytes.length < 4 || this.#bytes.length < this.#bytes.readInt32LE(0)) {
      if (this.#closed) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const message = this.#bytes.subarray(0, this.#bytes.readInt32LE(0))
    this.#bytes = this.#bytes.subarray(message.length)
    const code = message.readInt32LE(12)
    return {
      responseTo: message.readInt32LE(8),
      code,
      body: deserialize(message.subarray(code === 1 ? 36 : 21)),
    }
  }

  async ask(command: Doc): Promise<Doc> {
    this.send(opMsg({ body: { ...command, $db: command.$db ?? 'raw' } }))
    return (await this.reply())!.body
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** An OP_MSG. */
export function opMsg(parts: {
  body: Doc
  id?: number
  flags?: number
  sequence?: [string, Doc[]]
  checksum?: boolean
}): Buffer {
  const sections = [Buffer.from([0]), serialize(parts.body)]
  if (parts.sequence) {
    const [name, docs] = parts.sequence
    const content = Buffer.concat([Buffer.from(`${name}\0`), ...docs.map((doc) => serialize(doc))])
    sections.push(Buffer.from([1]), int32(content.length + 4), content)
  }
  const flags = (parts.flags ?? 0) | (parts.checksum ? 1 : 0)
  if (parts.checksum) sections.push(int32(0x12345678))
  return message(2013, Buffer.concat([int32(flags), ...sections]), parts.id)
}

/** An OP_QUERY. */
export function opQuery(namespace: string, query: Doc): Buffer {
  return message(
    2004,
    Buffer.concat([int32(0), Buffer.from(`${namespace}\0`), int32(0), int32(-1), serialize(query)]),
  )
}

/** Any message. */
export function message(code: number, content: Buffer, id = 7): Buffer {
  return Buffer.concat([int32(content.length + 16), int32(id), int32(0), int32(code), content])
}

// internals

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
