import type { Socket } from 'node:net'
import { fail } from '../engine/errors.ts'
import type { Doc } from '../engine/values/types.ts'
import { Authentication } from './authentication.ts'
import { CommandRunner } from './command-runner.ts'
import { readRequest, type WireRequest, writeReply } from './message.ts'
import { MAX_MESSAGE_BYTES, MessageReader } from './message-reader.ts'
import { Peer } from './peer.ts'
import type { WireState } from './wire-state.ts'

/** One client: its commands are run one after the other, in the order they came. */
export class Connection {
  readonly #state: WireState
  readonly #socket: Socket
  readonly #runner: CommandRunner
  readonly #reader = new MessageReader()
  readonly #gone = new AbortController()
  #waiting: WireRequest[] = []
  #busy = false

  /** @param socketPath set when the client came through the local socket, whose file permissions say who may */
  constructor(state: WireState, socket: Socket, socketPath: string | undefined) {
    this.#state = state
    this.#socket = socket
    const peer = new Peer(state.connectionId(), socket, socketPath)
    const authentication = new Authentication(socketPath === undefined ? state.users : undefined)
    this.#runner = new CommandRunner(state, peer, authentication, this.#gone.signal)
    state.open++
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    // What is wrong with a connection ends it; `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      state.open--
      this.#waiting = []
      this.#gone.abort()
    })
  }

  // internals

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#reader.push(chunk)) {
        this.#waiting.push(readRequest(message, this.#state.names))
      }
    } catch {
      // Whatever it is, it does not speak the protocol: there is no form to answer in.
      this.#socket.destroy()
      return
    }
    if (this.#waiting.length > MAX_WAITING) this.#socket.pause()
    if (!this.#busy) void this.#work()
  }

  async #work(): Promise<void> {
    this.#busy = true
    for (let request = this.#waiting.shift(); request; request = this.#waiting.shift()) {
      const running = this.#runner.run(request)
      const reply = running instanceof Promise ? await running : running
      if (!reply) {
        this.#socket.destroy()
        break
      }
      const sending = request.silent ? undefined : this.#send(this.#encode(request, reply))
      if (sending) await sending
    }
    this.#busy = false
    if (this.#socket.isPaused()) this.#socket.resume()
  }

  /** A reply that cannot be sent becomes the error that says so. */
  #encode(request: WireRequest, reply: Doc): Buffer {
    const { writer } = this.#state
    const id = this.#state.replyId()
    try {
      const bytes = writeReply(writer, request, reply, id)
      if (bytes.length <= MAX_MESSAGE_BYTES) return bytes
      fail(10334, `The reply is too large: ${bytes.length} bytes, ${MAX_MESSAGE_BYTES} are allowed`)
    } catch (error) {
      return writeReply(writer, request, this.#runner.refuse(error, request.command), id)
    }
  }

  /** Waits when the client reads more slowly than it asks. */
  #send(bytes: Buffer): Promise<void> | undefined {
    if (this.#socket.destroyed || this.#socket.write(bytes)) return undefined
    return new Promise((resolve) => {
      const settle = () => {
        this.#socket.off('drain', settle)
        this.#socket.off('close', settle)
        resolve()
      }
      this.#socket.on('drain', settle)
      this.#socket.on('close', settle)
    })
  }
}

// internals

/** Requests read ahead of the one that runs; only unacknowledged writes come in such numbers. */
const MAX_WAITING = 100
