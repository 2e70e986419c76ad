/**
 * An instance in the host's own thread: for debuggers without worker support and for function hosts, which isolate
 * by themselves. Nothing can be stopped or limited here; a loop without end is one for everybody.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { MessagePort } from 'node:worker_threads'
import { BatchChannel } from '../batch-channel.ts'
import type { GuestMessage, HostMessage } from '../bridge.ts'
import { type GuestGlobals, SharedGlobals } from '../guest/guest-globals.ts'
import { Kernel } from '../guest/kernel.ts'
import type { Carrier, CarrierExit } from './carrier.ts'

/** A factory of instances that share one thread and its globals. */
export function inProcessCarriers(): () => Carrier {
  const globals = new SharedGlobals(new AsyncLocalStorage())
  return () => new InProcessCarrier(globals)
}

class InProcessCarrier implements Carrier {
  readonly transfersPorts = true
  readonly channel: BatchChannel<HostMessage, GuestMessage>
  #alive = true
  #onExit: (exit: CarrierExit) => void = () => {}

  /** @param globals shared by all instances of this thread */
  constructor(globals: GuestGlobals) {
    const guest = new BatchChannel<GuestMessage, HostMessage>({
      post: (batch, transfer) => this.#deliver(this.channel, batch, transfer),
    })
    this.channel = new BatchChannel<HostMessage, GuestMessage>({
      post: (batch, transfer) => this.#deliver(guest, batch, transfer),
    })
    new Kernel(guest, globals)
  }

  onExit(listener: (exit: CarrierExit) => void): void {
    this.#onExit = listener
  }

  onOutput(): void {}

  /** The code cannot be stopped; it is only heard no more. */
  async kill(): Promise<void> {
    if (!this.#alive) return
    this.#alive = false
    this.#onExit({ kind: 'killed', detail: 'given up' })
  }

  // internals

  /** Cloned as a thread's messages are, so that code cannot come to rely on shared objects. */
  #deliver<In>(
    to: BatchChannel<never, In> | BatchChannel<HostMessage, In> | BatchChannel<GuestMessage, In>,
    batch: readonly In[],
    transfer: readonly unknown[],
  ): void {
    const copy = structuredClone(batch, { transfer: transfer as MessagePort[] })
    setImmediate(() => {
      if (this.#alive) to.receive(copy)
    })
  }
}
