import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { ClockState } from '../../clock/adjustable-clock.ts'
import type { DocumentDatabase } from '../command.ts'
import type { WireOptions, WireServer } from '../wire/wire-server.ts'
import { databaseError } from './errors.ts'
import { EMBEDDED, PortDatabase, type PortDescription } from './port-client.ts'
import { clockCell, writeClock } from './shared-clock.ts'
import type { Durability, Storage } from './store/contract.ts'
import { LOCK } from './store/files.ts'
import { releaseLock } from './store/lock.ts'
import { decodeFailure } from './thread-failure.ts'
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts'
import { ThreadPulse } from './thread-pulse.ts'

export interface EngineThreadOptions {
  /** A MongoDB server to be reached through the official driver; then there is no engine, and no data folder. */
  uri?: string
  /** Folder of the data files; without one everything is gone when the thread ends. */
  directory?: string
  /** How the folder keeps the data. Default `journal`. */
  storage?: Storage
  /** Default `os`. */
  durability?: Durability
  /** Allows `$where`. Default false. */
  javascript?: boolean
  /** How the space's clock stands to the machine's when the thread starts; `setClock` tells of later moves. */
  clock?: ClockState
  /** Gets one line for everything the user should know but that fails nothing. */
  warn?: (text: string) => void
  /** How often the thread is asked whether it still hears, milliseconds. Default 5000. */
  pulseMs?: number
  /** The built `database/thread.js`, when it is not where this package keeps it. */
  script?: string
}

/**
 * Owns the thread a database runs in (spec/embedded-database.md §11): the embedded engine, or the driver of a server. The thread starts with the first port
 * that is asked for. Each function instance gets a port of its own and talks to the engine without a detour.
 */
export class EngineThread implements AsyncDisposable {
  readonly #options: EngineThreadOptions
  readonly #lockToken = randomBytes(8).toString('hex')
  #worker: Worker | undefined
  #ready: Promise<void> | undefined
  #database: PortDatabase | undefined
  readonly #clock: SharedArrayBuffer
  readonly #moves = new Map<number, () => void>()
  #lastMove = 0
  /** Wire servers asked for; a thread that takes the place of a dead one opens them again. */
  readonly #doors = new Map<number, Door>()
  #lastDoor = 0
  #about: PortDescription = EMBEDDED
  #closing: Promise<void> | undefined
  #pulse: ThreadPulse | undefined

  constructor(options: EngineThreadOptions = {}) {
    this.#options = options
    this.#clock = clockCell(options.clock ?? { offsetMs: 0 })
  }

  /** A database for the owner itself, over a port like any other. */
  get database(): DocumentDatabase {
    this.#database ??= new PortDatabase(this.connect(), () => this.#about)
    return this.#database
  }

  /** A new port: to be transferred to an instance, which wraps it in a {@link PortDatabase}. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#tell({ kind: 'connect', port: port2 }, [port2])
    return port1
  }

  /**
   * Starts the thread and resolves when the data is open.
   * @throws DatabaseError 98 when another process has the folder, 96 when it cannot be used
   * @throws LocalError DATABASE_UNAVAILABLE, CONFIG_INVALID for a server that cannot be reached
   */
  ready(): Promise<void> {
    this.#start()
    return this.#ready!
  }

  /**
   * Opens the embedded database to MongoDB clients.
   * @throws LocalError see {@link WireOptions}
   */
  async listen(options: WireOptions): Promise<WireServer> {
    const id = ++this.#lastDoor
    const uris = await new Promise<readonly string[]>((opened, refused) => {
      this.#tell({ kind: 'listen', id, options })
      this.#doors.set(id, { options, opened, refused, closed: () => {} })
    })
    return { uris, close: () => this.#hangUp(id) }
  }

  /** Writes into the folder's lock where others can reach the database while this process has it. */
  announce(uri: string): void {
    this.#tell({ kind: 'announce', uri })
  }

  /**
   * The space's clock was moved: commands see it from now on.
   * @returns resolves when the timers it made due (expiry, time limits) have fired as well
   */
  setClock(clock: ClockState): Promise<void> {
    writeClock(this.#clock, clock)
    return this.#heard()
  }

  /**
   * Brings everything to the disk and ends the thread. Open commands are answered with an error. A thread that is deaf
   * is ended as it is: what it has acknowledged has reached the system.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // internals

  #tell(message: ToThread, transfer: MessagePort[] = []): void {
    this.#start().postMessage(message, transfer)
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const { uri, directory, storage, durability, javascript } = this.#options
    const again = [...this.#doors]
    const workerData: ThreadData = {
      ...(uri === undefined ? {} : { uri }),
      ...(directory === undefined ? {} : { directory }),
      ...(storage === undefined ? {} : { storage }),
      ...(durability === undefined ? {} : { durability }),
      ...(javascript === undefined ? {} : { javascript }),
      clock: this.#clock,
      lockToken: this.#lockToken,
    }
    const worker = new Worker(this.#options.script ?? threadScript(), {
      workerData,
      // The owner's own flags (loaders, `--eval`) are none of the engine's business.
      execArgv: [],
      name: 'unicloud-local database',
    })
    worker.unref()
    this.#worker = worker
    this.#ready = this.#follow(worker)
    const { warn, pulseMs } = this.#options
    if (warn) this.#pulse = new ThreadPulse(() => this.#heard(), warn, pulseMs)
    for (const [id, { options }] of again)
      worker.postMessage({ kind: 'listen', id, options } satisfies ToThread)
    // Whoever asks gets the failure; that nobody has asked is no reason to end the process.
    this.#ready.catch(() => {})
    return worker
  }

  #follow(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        switch (message.kind) {
          case 'ready':
            this.#about = message.about
            resolve()
            break
          case 'failed':
            reject(decodeFailure(message.failure))
            break
          case 'warning':
            this.#options.warn?.(message.text)
            break
          case 'clock':
            this.#clockFollowed(message.move)
            break
          case 'listening':
            this.#doors.get(message.id)?.opened(message.uris)
            break
          case 'notListening':
            this.#doors.get(message.id)?.refused(decodeFailure(message.failure))
            this.#doors.delete(message.id)
            break
          case 'hungUp':
            this.#doors.get(message.id)?.closed()
            this.#doors.delete(message.id)
            break
        }
      })
      worker.on('error', (error) => {
        reject(error)
        this.#options.warn?.(
          `The database thread failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        )
      })
      worker.on('exit', () => this.#ended())
    })
  }

  /** Closes a wire server; with the thread gone there is nothing to close. */
  async #hangUp(id: number): Promise<void> {
    const door = this.#doors.get(id)
    const worker = this.#worker
    if (!door || !worker) {
      this.#doors.delete(id)
      return
    }
    await new Promise<void>((closed) => {
      door.closed = closed
      worker.postMessage({ kind: 'hangUp', id } satisfies ToThread)
    })
  }

  /** Resolves when the thread has looked at the clock, or is gone. */
  #heard(): Promise<void> {
    const worker = this.#worker
    if (!worker) return Promise.resolve()
    const move = ++this.#lastMove
    worker.postMessage({ kind: 'clock', move } satisfies ToThread)
    return new Promise((resolve) => this.#moves.set(move, resolve))
  }

  #clockFollowed(move: number): void {
    this.#moves.get(move)?.()
    this.#moves.delete(move)
  }

  /** A thread that died has not given the folder back; its ports are closed, and the next one asked for starts anew. */
  #ended(): void {
    const { directory } = this.#options
    if (directory !== undefined) releaseLock(join(directory, LOCK), this.#lockToken)
    for (const move of [...this.#moves.keys()]) this.#clockFollowed(move)
    for (const door of this.#doors.values()) {
      door.refused(databaseError(91, 'The database is closed'))
      door.closed()
    }
    this.#pulse?.[Symbol.dispose]()
    this.#worker = undefined
    this.#database = undefined
  }

  async #close(): Promise<void> {
    const worker = this.#worker
    if (!worker) return
    worker.ref()
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    const deaf = setTimeout(() => void worker.terminate(), DEAF_MS)
    void this.#heard().then(() => clearTimeout(deaf))
    worker.postMessage({ kind: 'close' } satisfies ToThread)
    await ended
    clearTimeout(deaf)
  }
}

// internals

/** How long a thread that is to close may be busy with something else, milliseconds. */
const DEAF_MS = 3_000

/** A wire server that was asked for, and who waits for what. */
interface Door {
  readonly options: WireOptions
  readonly opened: (uris: readonly string[]) => void
  readonly refused: (error: Error) => void
  closed: () => void
}

/** The built thread: beside the built parts of this package, or under `dist` when run from source. */
function threadScript(): string {
  for (let folder = fileURLToPath(new URL('.', import.meta.url)); ; ) {
    for (const candidate of [
      join(folder, 'database', 'thread.js'),
      join(folder, 'dist', 'database', 'thread.js'),
    ]) {
      if (existsSync(candidate)) return candidate
    }
    const above = join(folder, '..')
    if (above === folder) throw new Error('database/thread.js is not built; run `npm run build`')
    folder = above
  }
}
