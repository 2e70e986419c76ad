/** The user's code of one instance, loaded: a cloud function or a cloud object behind one contract. */
import type { CallEnd } from '../bridge.ts'
import type { RunningCall } from './running-call.ts'

export interface Callee {
  /** Callable methods of an object; empty for a function. */
  readonly methods: string[]
  /** Whether a timer finds something to call. */
  readonly hasTiming: boolean
  /** What is suspicious about the code, seen without running it. */
  readonly warnings: string[]
  /** Never rejects: whatever the code does ends in a value or a failure. */
  invoke(running: RunningCall): Promise<CallEnd>
}
