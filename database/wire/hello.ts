import { ObjectId } from 'bson'
import { type Doc, isDocument } from '../engine/values/types.ts'
import { MAX_MESSAGE_BYTES } from './message-reader.ts'
import type { WireContext } from './wire-context.ts'

/** `hello`, and `isMaster` as older drivers say it: the one member of a replica set (spec/embedded-database.md §12). */
export function hello(context: WireContext): Doc {
  const { state, command, peer, authentication } = context
  if (isDocument(command.client)) peer.describe(command.client)
  const name = Object.keys(command)[0]
  const now = state.now
  const time = { ts: state.clusterTime.now(), t: 1 }
  return {
    helloOk: true,
    ...(name === 'hello' ? { isWritablePrimary: true } : { ismaster: true }),
    setName: SET_NAME,
    setVersion: 1,
    secondary: false,
    hosts: [peer.address],
    primary: peer.address,
    me: peer.address,
    electionId: new ObjectId('7fffffff0000000000000001'),
    lastWrite: { opTime: time, lastWriteDate: now, majorityOpTime: time, majorityWriteDate: now },
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: 100_000,
    localTime: now,
    logicalSessionTimeoutMinutes: 30,
    connectionId: peer.id,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
    ...(command.saslSupportedMechs === undefined ? {} : { saslSupportedMechs: authentication.mechanisms }),
    ...speculation(context),
    ok: 1,
  }
}

/** The replica set's name. */
export const SET_NAME = 'rs0'
/** MongoDB 7.0. */
export const WIRE_VERSION = 21

// internals

/** The first step of an authentication, when hello brings one along. One that fails is simply not answered. */
function speculation({ command, authentication }: WireContext): Doc {
  if (!isDocument(command.speculativeAuthenticate)) return {}
  try {
    return { speculativeAuthenticate: authentication.start(command.speculativeAuthenticate) }
  } catch {
    return {}
  }
}
