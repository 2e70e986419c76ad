import type { ChangeStream, ChangeStreamDocument, MongoClient } from 'mongodb'
import type { Change } from '../command.ts'
import { DECODING, plainValues } from './driver-values.ts'

/** The changes of every database of a server, by one change stream that runs while somebody listens. */
export class ChangeWatch implements Disposable {
  readonly #client: MongoClient
  readonly #available: boolean
  readonly #warn: (text: string) => void
  readonly #listeners = new Set<(changes: readonly Change[]) => void>()
  #stream: ChangeStream | undefined
  #opening: Promise<void> | undefined
  #restart: NodeJS.Timeout | undefined
  #sequence = 0
  #warned = false

  /** @param available false for a server that has no change streams: then nobody hears anything, and is told so */
  constructor(client: MongoClient, available: boolean, warn: (text: string) => void) {
    this.#client = client
    this.#available = available
    this.#warn = warn
  }

  /** Resolves when the stream that was asked for sees changes; a command must not overtake that. */
  get opening(): Promise<void> | undefined {
    return this.#opening
  }

  /** Calls the listener with changes in order, from now on. */
  listen(listener: (changes: readonly Change[]) => void): Disposable {
    const own = (changes: readonly Change[]) => listener(changes)
    this.#listeners.add(own)
    if (!this.#available) this.#failed(undefined, new Error('the server is not part of a replica set'))
    else if (!this.#stream && !this.#restart) this.#open()
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(own)
        if (this.#listeners.size === 0) this[Symbol.dispose]()
      },
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#restart)
    this.#restart = undefined
    const stream = this.#stream
    this.#stream = undefined
    void stream?.close().catch(() => {})
  }

  // internals

  #open(): void {
    const stream = this.#client.watch([], { ...DECODING, fullDocument: 'updateLookup' })
    this.#stream = stream
    this.#opening = new Promise<void>((opened) => {
      // The first answer brings a token, also when it brings nothing else.
      stream.once('resumeTokenChanged', () => opened())
      stream.once('close', () => opened())
      stream.once('error', () => opened())
    }).then(() => {
      this.#opening = undefined
    })
    stream.on('change', (event: ChangeStreamDocument) => this.#tell(event))
    stream.on('error', (error) => this.#failed(stream, error))
  }

  #tell(event: ChangeStreamDocument): void {
    const change = changeOf(plainValues(event) as ChangeStreamDocument, this.#sequence + 1)
    if (!change) return
    this.#sequence++
    for (const listener of [...this.#listeners]) listener([change])
  }

  /** The driver resumes what can be resumed; what comes here has ended. */
  #failed(stream: ChangeStream | undefined, error: Error): void {
    if (this.#stream !== stream) return
    this.#stream = undefined
    if (!this.#warned) this.#warn(`Changes of the database are not seen: ${error.message}`)
    this.#warned = true
    if (!stream) return
    void stream.close().catch(() => {})
    this.#restart = setTimeout(() => {
      this.#restart = undefined
      if (this.#listeners.size > 0) this.#open()
    }, RESTART_MS)
    this.#restart.unref()
  }
}

// internals

const RESTART_MS = 5000

const KINDS: ReadonlySet<string> = new Set(['insert', 'update', 'replace', 'delete', 'drop'])

/** The waist's form of an event; undefined for those it does not know. */
function changeOf(event: ChangeStreamDocument, seq: number): Change | undefined {
  const { operationType: kind } = event
  if (!KINDS.has(kind) || !('ns' in event) || !('coll' in event.ns)) return undefined
  const { wallTime, clusterTime } = event as { wallTime?: Date; clusterTime?: { t: number } }
  const seconds = clusterTime === undefined ? undefined : Number(clusterTime.t)
  const document = 'fullDocument' in event ? event.fullDocument : undefined
  return {
    seq,
    database: event.ns.db,
    collection: event.ns.coll,
    kind: kind as Change['kind'],
    ...('documentKey' in event ? { id: event.documentKey._id } : {}),
    ...(document ? { document } : {}),
    time: wallTime ?? new Date(seconds === undefined ? Date.now() : seconds * 1000),
  }
}
