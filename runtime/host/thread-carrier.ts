/** An instance in a worker thread: fast to start, with a heap limit of its own, and stoppable in any loop. */
import { url as inspectorUrl } from 'node:inspector'
import type { EventLoopUtilization } from 'node:perf_hooks'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { BatchChannel } from '../batch-channel.ts'
import type { GuestMessage, HostMessage } from '../bridge.ts'
import { Claims } from '../claims.ts'
import { builtFile } from '../package-info.ts'
import type { Carrier, CarrierExit, CarrierOptions } from './carrier.ts'
import { memoryHeadroomMB, type WatchedMemory } from './memory-watch.ts'
import { ThreadInspector } from './thread-inspector.ts'

export class ThreadCarrier implements Carrier {
  readonly transfersPorts = true
  readonly channel: BatchChannel<HostMessage, GuestMessage>
  readonly claims = new Claims()
  readonly memory: WatchedMemory
  readonly #worker: Worker
  readonly #port: MessagePort
  #utilization: EventLoopUtilization | undefined
  #memoryExceeded = false
  #killed = false
  #onExit: (exit: CarrierExit) => void = () => {}
  #onOutput: (level: 'log' | 'error', text: string) => void = () => {}

  constructor(options: CarrierOptions) {
    ThreadInspector.get()
    // A port of our own: user code may use and close the thread's `parentPort` as it likes.
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#worker = new Worker(builtFile('guest/worker.js'), {
      workerData: { port: port2, claims: this.claims.memory },
      transferList: [port2],
      env: options.env,
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: options.memoryMB + memoryHeadroomMB },
    })
    const worker = this.#worker
    this.memory = {
      limitMB: options.memoryMB,
      get threadId() {
        return worker.threadId
      },
      exceeded: () => {
        this.#memoryExceeded = true
        void worker.terminate()
      },
    }
    this.channel = new BatchChannel<HostMessage, GuestMessage>({
      post: (batch, transfer) => port1.postMessage(batch, transfer as MessagePort[]),
    })
    port1.on('message', (batch: GuestMessage[]) => this.channel.receive(batch))
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      this.#memoryExceeded ||= error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    })
    this.#worker.on('exit', (code) => this.#exited(code))
    this.#worker.stdout.on('data', (data: Buffer) => this.#onOutput('log', String(data)))
    this.#worker.stderr.on('data', (data: Buffer) => this.#onOutput('error', String(data)))
  }

  onExit(listener: (exit: CarrierExit) => void): void {
    this.#onExit = listener
  }

  onOutput(listener: (level: 'log' | 'error', text: string) => void): void {
    this.#onOutput = listener
  }

  utilization(): number {
    const { performance } = this.#worker
    const { utilization } = performance.eventLoopUtilization(this.#utilization)
    this.#utilization = performance.eventLoopUtilization()
    return utilization
  }

  async kill(): Promise<void> {
    this.#killed = true
    const { threadId } = this.#worker
    const ended = this.#worker.terminate()
    // One that stands at a breakpoint would wait for its debugger for ever; none of its code runs any more.
    if (inspectorUrl() !== undefined) ThreadInspector.get().resume(threadId)
    await ended
  }

  // internals

  #exited(code: number): void {
    // What the thread posted before its end may still lie in the port.
    for (let left = receiveMessageOnPort(this.#port); left; left = receiveMessageOnPort(this.#port)) {
      this.channel.receive(left.message as GuestMessage[])
    }
    this.#port.close()
    if (this.#memoryExceeded) this.#onExit({ kind: 'memory', detail: 'out of memory' })
    else if (this.#killed) this.#onExit({ kind: 'killed', detail: 'stopped' })
    else this.#onExit({ kind: 'exit', detail: `it ended itself with code ${code}` })
  }
}
