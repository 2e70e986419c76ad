/** Spaces beside this one, for `uniCloud.init({spaceId})` (spec/runtime.md §7). */
import path from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../../clock/clock.ts'
import type { SpaceOptions } from '../config/options.ts'
import type { Invocation, Outcome } from '../invocation.ts'
import type { Space, SpaceControl } from '../space-api.ts'
import type { LogStore } from './log-store.ts'

export interface OtherSpacesOptions {
  options: SpaceOptions
  clock: Clock
  /** Takes in what the other spaces log. */
  logs: LogStore
  /** Opens a space; handed in because it is the space's own composition root. */
  open(options: SpaceOptions, clock: Clock): Promise<OtherSpace>
}

type OtherSpace = Space & SpaceControl

export class OtherSpaces {
  readonly #parts: OtherSpacesOptions
  readonly #open = new Map<string, Promise<OtherSpace>>()

  constructor(parts: OtherSpacesOptions) {
    this.#parts = parts
  }

  /** Calls a function of another configured space, which is opened by its first call. */
  async invoke(spaceId: string, invocation: Invocation): Promise<Outcome> {
    try {
      return await (await this.#space(spaceId)).invoke(invocation)
    } catch (error) {
      return invalid(invocation, (error as Error).message)
    }
  }

  /** A connection to the database of another configured space, and the database's name. @throws Error INVALID_SPACE */
  async connectDatabase(spaceId: string): Promise<{ port: MessagePort; databaseName: string }> {
    const space = await this.#space(spaceId)
    return { port: await space.connectDatabase(), databaseName: space.databaseName }
  }

  async close(graceMs: number): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values())
    await Promise.all(
      opened.map((result) => (result.status === 'fulfilled' ? result.value.close({ graceMs }) : undefined)),
    )
  }

  // internals

  async #space(spaceId: string): Promise<OtherSpace> {
    const { spaces } = this.#parts.options
    const folder = Object.hasOwn(spaces, spaceId) ? spaces[spaceId] : undefined
    if (folder === undefined) throw invalidSpace(`space [${spaceId}] is not configured`)
    let opening = this.#open.get(spaceId)
    if (!opening) {
      opening = this.#start(spaceId, folder)
      this.#open.set(spaceId, opening)
      // The next call tries again; its project may be mended by then.
      opening.catch(() => this.#open.delete(spaceId))
    }
    try {
      return await opening
    } catch (error) {
      throw invalidSpace(`space [${spaceId}] cannot be opened: ${(error as Error).message}`)
    }
  }

  async #start(spaceId: string, project: string): Promise<OtherSpace> {
    const { options, clock, logs, open } = this.#parts
    const { provider: _, ...shared } = options
    const data = path.join(options.data, 'spaces', encodeURIComponent(spaceId))
    const space = await open({ ...shared, project, spaceId, data, spaces: {}, sandbox: false }, clock)
    space.logs.follow(({ seq: _seq, ...entry }) => {
      const name = entry.functionName === undefined ? spaceId : `${spaceId}/${entry.functionName}`
      logs.append({ ...entry, functionName: name })
    })
    return space
  }
}

// internals

function invalidSpace(errMsg: string): Error {
  return Object.assign(new Error(errMsg), { code: 'INVALID_SPACE', errCode: 'INVALID_SPACE', errMsg })
}

function invalid({ requestId = '' }: Invocation, errMsg: string): Outcome {
  return { ok: false, requestId, failure: { reason: 'not-found', errCode: 'INVALID_SPACE', errMsg } }
}
