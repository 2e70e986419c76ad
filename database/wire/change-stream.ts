import type { Pipeline } from '../engine/aggregate/pipeline.ts'
import type { ChangeFeed, FeedChange } from '../engine/change-feed.ts'
import { fail } from '../engine/errors.ts'
import type { Doc } from '../engine/values/types.ts'
import { type EventParts, eventOf, invalidation } from './change-event.ts'
import { type Position, tokenOf, WHOLE } from './resume-token.ts'

/** What a change stream tells about: one collection, one database, or everything. */
export interface StreamScope {
  readonly database: string | undefined
  readonly collection: string | undefined
}

export interface StreamOptions extends EventParts {
  readonly scope: StreamScope
  /** `database.collection` as replies name it. */
  readonly namespace: string
  /** The stages behind `$changeStream`. */
  readonly pipeline: Pipeline
  /** Where it begins. */
  readonly start: Position
  /** Changes before that instant of the logical clock are passed over. */
  readonly notBefore: number
}

/**
 * One open change stream. It holds nothing but its place: what it has not told yet is in the feed's ring, until that is
 * full.
 */
export class ChangeStream {
  readonly namespace: string
  readonly #options: StreamOptions
  readonly #feed: ChangeFeed
  #position: Position
  #ended = false
  #wake: (() => void) | undefined
  lastUse = performance.now()

  constructor(feed: ChangeFeed, options: StreamOptions) {
    this.#feed = feed
    this.#options = options
    this.#position = options.start
    this.namespace = options.namespace
  }

  /** True when nothing will come any more. */
  get ended(): boolean {
    return this.#ended
  }

  /** Where a new stream would have to begin to miss nothing. */
  get token(): Doc {
    return tokenOf(this.#position)
  }

  /**
   * The next events; none when there are none before the time is up.
   * @throws DatabaseError 286 when what it has not told yet is forgotten
   */
  async next(limit: number, waitMs: number, signal: AbortSignal): Promise<Doc[]> {
    const end = performance.now() + waitMs
    for (;;) {
      this.lastUse = performance.now()
      const events = this.#read(limit)
      const left = end - performance.now()
      if (events.length > 0 || this.#ended || left <= 0 || signal.aborted) return events
      await this.#news(left, signal)
    }
  }

  close(): void {
    this.#ended = true
    this.#wake?.()
  }

  // internals

  #read(limit: number): Doc[] {
    const { seq, index } = this.#position
    // Of a commit before the feed's first nothing is left to tell.
    const whole = index === WHOLE || seq === this.#feed.start
    const changes = this.#feed.since(whole ? seq : seq - 1)
    if (!changes) {
      fail(
        286,
        'Resume of change stream was not possible, as the resume point may no longer be in the oplog.',
      )
    }
    const events: Doc[] = []
    for (const change of changes) {
      if (change.seq === seq && change.index <= index) continue
      this.#position = { seq: change.seq, index: change.index }
      if (this.#concerns(change)) events.push(...this.#tell(change))
      if (this.#ended || events.length >= limit) break
    }
    return events
  }

  #concerns(change: FeedChange): boolean {
    const { scope, notBefore } = this.#options
    if (change.seq + 1 < notBefore) return false
    if (scope.database === undefined) return !SYSTEM.has(change.database)
    return (
      change.database === scope.database &&
      (scope.collection === undefined || change.collection === scope.collection)
    )
  }

  #tell(change: FeedChange): Doc[] {
    const { pipeline, scope } = this.#options
    const events = [eventOf(change, this.#options)]
    if (change.kind === 'drop' && scope.collection !== undefined) {
      this.#ended = true
      this.#position = { seq: change.seq, index: WHOLE }
      events.push(invalidation(this.#position, change.time))
    }
    return [...pipeline.run(events)]
  }

  /** Waits for the next commit, the end of the time, or of the client. */
  #news(left: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer)
        listening[Symbol.dispose]()
        signal.removeEventListener('abort', settle)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(settle, left)
      const listening = this.#feed.listen(settle)
      signal.addEventListener('abort', settle, { once: true })
      this.#wake = settle
    })
  }
}

// internals

const SYSTEM: ReadonlySet<string> = new Set(['admin', 'config', 'local'])
