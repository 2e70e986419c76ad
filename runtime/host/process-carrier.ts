/**
 * An instance in a process of its own: for native add-ons that cannot live in threads, for a working directory of
 * its own, and for really freezing it after the return (shared design, decision 1).
 */
import { type ChildProcess, fork } from 'node:child_process'
import { url as inspectorUrl } from 'node:inspector'
import { BatchChannel } from '../batch-channel.ts'
import type { GuestMessage, HostMessage } from '../bridge.ts'
import { builtFile } from '../package-info.ts'
import type { Carrier, CarrierExit, CarrierOptions } from './carrier.ts'

/** V8's last words when the heap limit is reached. */
const memoryMessage = /heap out of memory|Allocation failed/

export class ProcessCarrier implements Carrier {
  readonly transfersPorts = false
  readonly channel: BatchChannel<HostMessage, GuestMessage>
  readonly #child: ChildProcess
  #memoryExceeded = false
  #killed = false
  #gone: Promise<void>
  #onExit: (exit: CarrierExit) => void = () => {}
  #onOutput: (level: 'log' | 'error', text: string) => void = () => {}

  constructor(options: CarrierOptions) {
    const child = fork(builtFile('guest/worker.js'), [], {
      env: options.env,
      cwd: options.cwd,
      execArgv: [
        `--max-old-space-size=${options.memoryMB}`,
        ...(inspectorUrl() === undefined ? [] : ['--inspect=0']),
      ],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    this.channel = new BatchChannel<HostMessage, GuestMessage>({
      post: (batch) => {
        if (child.connected) child.send(batch as HostMessage[], () => {})
      },
    })
    child.on('message', (batch) => this.channel.receive(batch as unknown as GuestMessage[]))
    child.stdout?.on('data', (data: Buffer) => this.#onOutput('log', String(data)))
    child.stderr?.on('data', (data: Buffer) => this.#takeErrorOutput(String(data)))
    this.#gone = new Promise((resolve) => {
      // `close` comes after the streams and the last messages.
      child.once('close', (code, signal) => {
        resolve()
        this.#exited(code, signal)
      })
      child.once('error', () => resolve())
    })
  }

  onExit(listener: (exit: CarrierExit) => void): void {
    this.#onExit = listener
  }

  onOutput(listener: (level: 'log' | 'error', text: string) => void): void {
    this.#onOutput = listener
  }

  async kill(): Promise<void> {
    this.#killed = true
    this.#child.kill('SIGKILL')
    await this.#gone
  }

  freeze(): void {
    if (process.platform !== 'win32') this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    if (process.platform !== 'win32') this.#child.kill('SIGCONT')
  }

  // internals

  #takeErrorOutput(text: string): void {
    if (memoryMessage.test(text)) this.#memoryExceeded = true
    // After that line V8 prints pages about its own inside.
    if (!this.#memoryExceeded) this.#onOutput('error', text)
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#memoryExceeded) this.#onExit({ kind: 'memory', detail: 'out of memory' })
    else if (this.#killed) this.#onExit({ kind: 'killed', detail: 'stopped' })
    else {
      const how = signal ? `it was ended by ${signal}` : `it ended itself with code ${code}`
      this.#onExit({ kind: 'exit', detail: how })
    }
  }
}
