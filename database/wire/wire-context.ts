import type { Doc } from '../engine/values/types.ts'
import type { Authentication } from './authentication.ts'
import type { Peer } from './peer.ts'
import type { WireState } from './wire-state.ts'

/** What a command that the engine knows nothing of works with. */
export interface WireContext {
  readonly state: WireState
  readonly peer: Peer
  readonly authentication: Authentication
  readonly database: string
  readonly command: Doc
}
