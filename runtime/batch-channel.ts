/**
 * A channel that posts once per turn of the event loop, whatever carries it. One post costs as much as dozens of
 * messages inside it, and a server under load makes many calls per turn.
 */
import type { Channel } from './bridge.ts'

export interface BatchCarrier<Out> {
  /** Sends a batch on its way; throws when something in it cannot be cloned. */
  post(batch: readonly Out[], transfer: readonly unknown[]): void
  close?(): void
}

/** Past this many messages a batch leaves at once: code that never yields must not pile up its log lines. */
const maxBatch = 256

export class BatchChannel<Out, In> implements Channel<Out, In> {
  readonly #carrier: BatchCarrier<Out>
  #batch: Out[] = []
  #scheduled = false
  #closed = false
  #listener: (message: In) => void = () => {}
  #onUnsendable: (message: Out, error: unknown) => void = () => {}

  constructor(carrier: BatchCarrier<Out>) {
    this.#carrier = carrier
  }

  send(message: Out, transfer?: readonly unknown[]): void {
    if (this.#closed) return
    this.#batch.push(message)
    if (transfer) this.#flush(transfer)
    else if (this.#batch.length >= maxBatch) this.#flush([])
    else if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(this.#endTurn)
    }
  }

  /** Posts what waits, now: before a thread ends. */
  flush(): void {
    this.#flush([])
  }

  /** Takes in a batch of the other side. */
  receive(batch: readonly In[]): void {
    for (const message of batch) this.#listener(message)
  }

  listen(listener: (message: In) => void): void {
    this.#listener = listener
  }

  /** Told of messages that hold something no carrier can clone; the rest of their batch goes out all the same. */
  onUnsendable(listener: (message: Out, error: unknown) => void): void {
    this.#onUnsendable = listener
  }

  close(): void {
    if (this.#closed) return
    this.flush()
    this.#closed = true
    this.#carrier.close?.()
  }

  // internals

  readonly #endTurn = (): void => {
    this.#scheduled = false
    this.#flush([])
  }

  #flush(transfer: readonly unknown[]): void {
    if (this.#batch.length === 0 || this.#closed) return
    const batch = this.#batch
    this.#batch = []
    try {
      this.#carrier.post(batch, transfer)
    } catch {
      for (const message of batch) this.#postAlone(message, transfer)
    }
  }

  #postAlone(message: Out, transfer: readonly unknown[]): void {
    try {
      this.#carrier.post([message], transfer)
    } catch (error) {
      this.#onUnsendable(message, error)
    }
  }
}
