import { BsonReader, type NameCache } from '../engine/store/bson-reader.ts'
import type { BsonWriter } from '../engine/store/bson-writer.ts'
import { setOwn } from '../engine/values/own.ts'
import type { Doc } from '../engine/values/types.ts'
import { ProtocolError } from './message-reader.ts'

/**
 * Messages of MongoDB's wire protocol (spec/embedded-database.md §12): OP_MSG, and OP_QUERY with OP_REPLY for the hello
 * a connection opens with. Values are the engine's own on both sides.
 */
export interface WireRequest {
  readonly id: number
  /** How the reply has to be framed. */
  readonly form: 'message' | 'query'
  readonly command: Doc
  /** The client waits for no reply (`w: 0`). */
  readonly silent: boolean
}

/** @throws ProtocolError for anything that is none of the two */
export function readRequest(bytes: Buffer, names: NameCache): WireRequest {
  const id = bytes.readInt32LE(4)
  const code = bytes.readInt32LE(12)
  try {
    if (code === OP_MSG) return readMessage(bytes, id, names)
    if (code === OP_QUERY) return readQuery(bytes, id, names)
  } catch (error) {
    throw error instanceof ProtocolError ? error : new ProtocolError((error as Error).message)
  }
  throw new ProtocolError(`unknown operation code ${code}`)
}

/** The bytes of a reply; they are the caller's own. */
export function writeReply(writer: BsonWriter, request: WireRequest, reply: Doc, replyId: number): Buffer {
  writer.reset()
  writer.document(reply)
  const body = writer.bytes
  const headBytes = request.form === 'message' ? 21 : 36
  const bytes = Buffer.allocUnsafe(headBytes + body.length)
  for (let at = 16; at < headBytes; at++) bytes[at] = 0
  bytes.writeInt32LE(bytes.length, 0)
  bytes.writeInt32LE(replyId, 4)
  bytes.writeInt32LE(request.id, 8)
  bytes.writeInt32LE(request.form === 'message' ? OP_MSG : OP_REPLY, 12)
  if (request.form === 'query') {
    bytes.writeInt32LE(AWAIT_CAPABLE, 16)
    bytes.writeInt32LE(1, 32)
  }
  body.copy(bytes, headBytes)
  return bytes
}

// internals

const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
const CHECKSUM_PRESENT = 1
const MORE_TO_COME = 2
/** Flags a receiver must know; the upper half may be ignored. */
const REQUIRED_FLAGS = 0xffff
const AWAIT_CAPABLE = 8

function readMessage(bytes: Buffer, id: number, names: NameCache): WireRequest {
  const flags = bytes.readUInt32LE(16)
  if (flags & REQUIRED_FLAGS & ~(CHECKSUM_PRESENT | MORE_TO_COME)) {
    throw new ProtocolError(`unknown message flags ${flags}`)
  }
  const end = bytes.length - (flags & CHECKSUM_PRESENT ? 4 : 0)
  const reader = new BsonReader(bytes, 20, names)
  const sequences: [string, Doc[]][] = []
  let command: Doc | undefined
  while (reader.at < end) {
    const kind = bytes[reader.at++]
    if (kind === 0 && !command) command = reader.document()
    else if (kind === 1) sequences.push(readSequence(bytes, reader))
    else throw new ProtocolError(`unexpected section of kind ${kind}`)
  }
  if (!command || reader.at !== end) throw new ProtocolError('message without a command')
  for (const [name, documents] of sequences) setOwn(command, name, documents)
  return { id, form: 'message', command, silent: (flags & MORE_TO_COME) !== 0 }
}

function readSequence(bytes: Buffer, reader: BsonReader): [string, Doc[]] {
  const end = reader.at + bytes.readInt32LE(reader.at)
  const nameEnd = bytes.indexOf(0, reader.at + 4)
  if (nameEnd < 0 || end > bytes.length) throw new ProtocolError('document sequence of an impossible length')
  const name = bytes.toString('utf8', reader.at + 4, nameEnd)
  reader.at = nameEnd + 1
  const documents: Doc[] = []
  while (reader.at < end) documents.push(reader.document())
  if (reader.at !== end) throw new ProtocolError('document sequence of the wrong length')
  return [name, documents]
}

function readQuery(bytes: Buffer, id: number, names: NameCache): WireRequest {
  const nameEnd = bytes.indexOf(0, 20)
  if (nameEnd < 0) throw new ProtocolError('query without a collection')
  const namespace = bytes.toString('utf8', 20, nameEnd)
  if (!namespace.endsWith('.$cmd')) throw new ProtocolError(`query on ${namespace}`)
  const document = new BsonReader(bytes, nameEnd + 9, names).document()
  const command = (document.$query ?? document) as Doc
  return { id, form: 'query', command: { ...command, $db: namespace.slice(0, -5) }, silent: false }
}
