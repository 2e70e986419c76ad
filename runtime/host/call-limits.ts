/** How long calls may take (spec/runtime.md §3, point 6). All in milliseconds. */
import type { SpaceOptions } from '../config/options.ts'
import type { CallSource } from '../invocation.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import type { ProviderProfile } from '../provider.ts'

/** Default limit of a call from another function (spec/runtime.md §7). */
export const nestedTimeoutMs = 60_000
/** tencent drops the connection of a client after this long, while the run goes on. */
const tencentClientMs = 30_000

export interface CallLimits {
  /** The code is stopped after this long; Infinity = never. */
  stopMs: number
  /** The caller is answered after this long, even while the code runs on. */
  answerMs: number
}

export function callLimits(
  { timeouts }: SpaceOptions,
  { name }: ProviderProfile,
  { config }: FunctionEntry,
  source: CallSource,
): CallLimits {
  if (!timeouts) return { stopMs: Number.POSITIVE_INFINITY, answerMs: Number.POSITIVE_INFINITY }
  const stopMs = (source === 'timing' ? config.timingTimeout : config.timeout) * 1000
  const dropped = name === 'tencent' && source === 'client' && stopMs > tencentClientMs
  return { stopMs, answerMs: dropped ? tencentClientMs : Number.POSITIVE_INFINITY }
}
