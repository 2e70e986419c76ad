import { expect, it } from 'vitest'
import { type CronProvider, parseCron } from '../../triggers/cron.ts'

/** A matcher that knows nothing of the parser: it asks of every second whether the text lets it through. */
function naiveMatch(texts: readonly string[], at: Date): boolean {
  const wall = new Date(at.getTime() + 8 * 3_600_000)
  const values = [
    wall.getUTCSeconds(),
    wall.getUTCMinutes(),
    wall.getUTCHours(),
    wall.getUTCDate(),
    wall.getUTCMonth() + 1,
    wall.getUTCDay(),
    wall.getUTCFullYear(),
  ]
  const hit = (index: number): boolean => lets(texts[index] ?? '*', values[index] ?? 0, index)
  if (![0, 1, 2, 4, 6].every(hit)) return false
  return texts[3] !== '*' && texts[5] !== '*' ? hit(3) || hit(5) : hit(3) && hit(5)
}

function lets(text: string, value: number, index: number): boolean {
  return text.split(',').some((item) => {
    const [base = '', step = '1'] = item.split('/')
    const low = base === '*' ? (ranges[index]?.[0] ?? 0) : Number(base.split('-')[0])
    const open = base === '*' || (item.includes('/') && !base.includes('-'))
    const high = open ? Number.POSITIVE_INFINITY : Number(base.split('-')[1] ?? low)
    return value >= low && value <= high && (value - low) % Number(step) === 0
  })
}

const ranges = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
  [1970, 2099],
] as const

it('agrees with a second-by-second matcher over three hours', () => {
  const random = generator(20_250_310)
  for (let round = 0; round < rounds(80); round++) {
    const texts = [0, 1, 2].map((index) => randomField(index, random)).concat('*', '*', '*', '*')
    compare(texts, random, 1000, 10_800)
  }
})

it('agrees with a day-by-day matcher over eight years', () => {
  const random = generator(7)
  for (let round = 0; round < rounds(200); round++) {
    const time = [0, 1, 2].map((index) => String(integer(random, ranges[index] ?? [0, 0])))
    const days = [3, 4, 5].map((index) => (random() < 0.35 ? '*' : randomField(index, random)))
    const year =
      random() < 0.7 ? '*' : `${2024 + Math.floor(random() * 4)}-2031/${1 + Math.floor(random() * 3)}`
    compare([...time, ...days, year], random, 86_400_000, 2922)
  }
})

// internals

/** `CRON_FUZZ=20` runs twenty times as many. */
function rounds(count: number): number {
  return count * Number(process.env.CRON_FUZZ ?? 1)
}

/** Walks `steps` steps of `stepMs` and compares each match with what the parsed expression says. */
function compare(texts: string[], random: () => number, stepMs: number, steps: number): void {
  const provider: CronProvider = 'tencent'
  let cron: ReturnType<typeof parseCron>
  try {
    cron = parseCron(texts.join(' '), provider)
  } catch (error) {
    // Random days of random months need not exist; the naive matcher must then find nothing either.
    expect(error).toMatchObject({ code: 'NEVER_FIRES' })
    expect(anyDay(texts)).toBe(false)
    return
  }
  let start = Date.UTC(
    2024,
    Math.floor(random() * 12),
    1 + Math.floor(random() * 28),
    Math.floor(random() * 24),
    7,
    11,
  )
  if (stepMs > 1000) {
    const [second = 0, minute = 0, hour = 0] = texts.map(Number)
    start = Math.floor(start / 86_400_000) * 86_400_000 + ((hour - 8) * 3600 + minute * 60 + second) * 1000
  }
  let expected = cron.nextAfter(new Date(start - 1))
  for (let step = 0; step < steps; step++) {
    const at = new Date(start + step * stepMs)
    const matches = naiveMatch(texts, at)
    if (matches !== (expected?.getTime() === at.getTime())) {
      expect.fail(
        `"${texts.join(' ')}" at ${at.toISOString()}: naive ${matches}, next ${expected?.toISOString()}`,
      )
    }
    if (matches) expected = cron.nextAfter(at)
  }
}

function anyDay(texts: string[]): boolean {
  const [second, minute, hour] = texts.map(Number)
  for (let day = 0; day < 130 * 366; day++) {
    if (naiveMatch(texts, new Date(Date.UTC(1970, 0, 1 + day, (hour ?? 0) - 8, minute, second)))) return true
  }
  return false
}

function randomField(index: number, random: () => number): string {
  const range = ranges[index] ?? [0, 0]
  const items = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    const a = integer(random, range)
    const b = integer(random, range)
    const step = 1 + Math.floor(random() * 12)
    const base = [`${a}`, `${Math.min(a, b)}-${Math.max(a, b)}`, '*'][Math.floor(random() * 3)] ?? '*'
    return random() < 0.4 ? `${base}/${step}` : base
  })
  return items.join(',')
}

function integer(random: () => number, [low, high]: readonly [number, number]): number {
  return low + Math.floor(random() * (high - low + 1))
}

/** Mulberry32: a fixed seed, so that a failure can be seen again. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
