import type { MessagePort } from 'node:worker_threads'
import type { WireOptions } from '../wire/wire-server.ts'
import type { PortDescription } from './port-client.ts'
import type { Durability, Storage } from './store/contract.ts'
import type { ThreadFailure } from './thread-failure.ts'

/** What passes between an engine's thread and its owner; see engine-thread.ts and thread.ts. */

/** Handed to the thread when it starts. */
export interface ThreadData {
  /** A real server to speak to through the driver, instead of an engine. */
  readonly uri?: string
  readonly directory?: string
  readonly storage?: Storage
  readonly durability?: Durability
  readonly javascript?: boolean
  /** Smallest journal worth a checkpoint, in bytes. */
  readonly checkpointBytes?: number
  /** The space's clock; see shared-clock.ts. Absent: the machine's time. */
  readonly clock?: SharedArrayBuffer
  /** What the folder's lock is marked with, so that the owner can clear it should the thread die. */
  readonly lockToken: string
}

export type ToThread =
  | { readonly kind: 'connect'; readonly port: MessagePort }
  | { readonly kind: 'clock'; readonly move: number }
  | { readonly kind: 'announce'; readonly uri: string }
  | { readonly kind: 'listen'; readonly id: number; readonly options: WireOptions }
  | { readonly kind: 'hangUp'; readonly id: number }
  | { readonly kind: 'close' }

export type FromThread =
  | { readonly kind: 'ready'; readonly about: PortDescription }
  | { readonly kind: 'failed'; readonly failure: ThreadFailure }
  | { readonly kind: 'warning'; readonly text: string }
  /** The timers that a move of the clock made due have fired. */
  | { readonly kind: 'clock'; readonly move: number }
  | { readonly kind: 'listening'; readonly id: number; readonly uris: readonly string[] }
  | { readonly kind: 'notListening'; readonly id: number; readonly failure: ThreadFailure }
  | { readonly kind: 'hungUp'; readonly id: number }
  | { readonly kind: 'closed' }
