/** The space's timers: triggers of the manifest in, calls through the one door out (spec/triggers.md §4, §5). */

import { LocalError } from '../errors/errors.ts'
import { type FireResult, Scheduler, type TriggerStatus } from '../triggers/scheduler.ts'
import { timerEvent } from '../triggers/timer-event.ts'
import type { Trigger } from '../triggers/trigger.ts'
import type { Outcome } from './invocation.ts'
import type { FunctionEntry, Manifest } from './project/manifest.ts'
import { providers } from './provider.ts'
import type { Space } from './space-api.ts'

/** What came of a fire, for the scheduler and for whoever fired by hand. */
export interface TimerResult extends FireResult {
  outcome: Outcome
}

/** Fires the triggers of a space and follows its reloads. */
export class SpaceTimers implements Disposable {
  readonly #scheduler: Scheduler<TimerResult>
  readonly #follow: Disposable
  readonly #running = new Set<Promise<Outcome>>()

  /** @param enabled false: nothing fires by itself, firing by hand still works */
  constructor(space: Space, enabled: boolean) {
    const provider = space.manifest.provider
    this.#scheduler = new Scheduler<TimerResult>({
      clock: space.clock,
      provider,
      retries: providers[provider].retryTimedOutTimers,
      enabled,
      fire: async (trigger, scheduledAt) => {
        const run = fire(space, trigger.functionName, trigger.name, scheduledAt)
        this.#running.add(run)
        const outcome = await run.finally(() => this.#running.delete(run))
        return { outcome, timedOut: !outcome.ok && outcome.failure.reason === 'timeout' }
      },
      log: (level, text, functionName) =>
        space.logs.append({
          time: space.clock.now(),
          level,
          channel: 'system',
          text: functionName === undefined ? text : `[${functionName}] ${text}`,
          ...(functionName === undefined ? {} : { functionName }),
        }),
    })
    this.#scheduler.set(triggersOf(space.manifest))
    this.#follow = space.onManifest((manifest) => this.#scheduler.set(triggersOf(manifest)))
  }

  /** All triggers, each with up to `count` coming fire times. */
  list(count: number): TriggerStatus[] {
    return this.#scheduler.next(count)
  }

  /** @throws Error when the function has no trigger */
  async fireNow(functionName: string, at?: Date): Promise<Outcome> {
    return (await this.#scheduler.fireNow(functionName, at ? { at } : {})).outcome
  }

  /** Resolves once no run that a timer started is going. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.allSettled(this.#running)
      // A timed-out run may be followed by a retry, which starts in the next turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  [Symbol.dispose](): void {
    this.#follow[Symbol.dispose]()
    this.#scheduler[Symbol.dispose]()
  }
}

/**
 * Fires a function's timer once, whether or not it has a trigger: a batch job of `run --timing`.
 * @throws LocalError `USAGE` when `trigger` names none of the function's triggers
 */
export async function fireOnce(
  space: Space,
  entry: FunctionEntry,
  options: { at: Date; trigger?: string },
): Promise<Outcome> {
  const names = entry.config.triggers.map((trigger) => trigger.name)
  if (options.trigger !== undefined && !names.includes(options.trigger)) {
    throw new LocalError('USAGE', `${entry.name} has no trigger ${JSON.stringify(options.trigger)}`, {
      where: { file: entry.dir },
      hint: names.length > 0 ? `it has: ${names.join(', ')}` : 'its package.json declares none',
    })
  }
  return await fire(space, entry.name, options.trigger ?? names[0] ?? 'manual', options.at)
}

// internals

async function fire(space: Space, name: string, trigger: string, scheduledAt: Date): Promise<Outcome> {
  const param = timerEvent(space.manifest.provider, trigger, scheduledAt, new Date(space.clock.now()))
  return await space.invoke({ name, payload: { type: 'timing', param }, source: 'timing' })
}

/** Functions with an error answer it on every call; their timers would only repeat it in the log. */
function triggersOf(manifest: Manifest): Trigger[] {
  return Object.values(manifest.functions)
    .filter((entry) => !entry.problems.some((problem) => problem.severity === 'error'))
    .flatMap((entry) =>
      entry.config.triggers.map(({ name, config }) => ({ functionName: entry.name, name, config })),
    )
}
