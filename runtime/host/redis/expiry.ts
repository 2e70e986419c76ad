/** Options that say how long a key lives (spec/redis.md §3). */
import type { Bytes } from './bytes.ts'
import { parseInt64 } from './numbers.ts'
import { errors } from './reply.ts'

type Flag = 'nx' | 'xx' | 'get' | 'keepttl' | 'persist'

export interface SetOptions extends Partial<Record<Flag, boolean>> {
  /** Epoch milliseconds; read when it is asked for, since its errors come after others. @throws CommandError */
  expiresAt?: () => number
}

/** Far beyond what dates can hold; above it redis refuses, too. */
const maxInstant = 8.64e15

/**
 * @param flags those the command knows beside EX, PX, EXAT and PXAT
 * @param now epoch milliseconds
 */
export function setOptions(
  command: string,
  args: readonly Bytes[],
  now: number,
  flags: readonly Flag[],
): SetOptions {
  const options: SetOptions = {}
  let lives = 0
  for (let at = 0; at < args.length; at++) {
    const word = (args[at] as Bytes).toLowerCase()
    const unit = units[word]
    if (unit) {
      if (++at >= args.length) throw errors.syntax()
      const text = args[at]
      options.expiresAt = () => readExpiry(command, text, unit.ms, unit.absolute ? 0 : now)
      lives++
    } else if (flags.includes(word as Flag)) options[word as Flag] = true
    else throw errors.syntax()
  }
  if (options.keepttl || options.persist) lives++
  if (lives > 1 || (options.nx && options.xx)) throw errors.syntax()
  return options
}

/**
 * @param unit milliseconds of one
 * @param base what it counts from, epoch milliseconds
 * @throws CommandError when it is no integer, or not above zero
 */
export function readExpiry(command: string, text: Bytes | undefined, unit: number, base: number): number {
  const value = parseInt64(text ?? '')
  if (value === undefined) throw errors.notInteger()
  const instant = base + Number(value) * unit
  if (value <= 0n || instant > maxInstant) throw errors.expiry(command)
  return instant
}

// internals

const units: Readonly<Record<string, { ms: number; absolute?: true }>> = {
  ex: { ms: 1000 },
  px: { ms: 1 },
  exat: { ms: 1000, absolute: true },
  pxat: { ms: 1, absolute: true },
}
