import type { MessagePort } from 'node:worker_threads'
import type { PortError } from './port-messages.ts'
import type { Durability } from './store/contract.ts'

/** What passes between an engine's thread and its owner; see engine-thread.ts and thread.ts. */

/** Handed to the thread when it starts. */
export interface ThreadData {
  readonly directory?: string
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
  | { readonly kind: 'close' }

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: PortError }
  | { readonly kind: 'warning'; readonly text: string }
  /** The timers that a move of the clock made due have fired. */
  | { readonly kind: 'clock'; readonly move: number }
  | { readonly kind: 'closed' }
