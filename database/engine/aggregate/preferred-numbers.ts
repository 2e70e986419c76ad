import { fail } from '../errors.ts'

/** Rounding to the neighbours of a number in a series of preferred numbers, as `$bucketAuto` does. */
export interface PreferredNumbers {
  /** The next number of the series above the value; 0 stays 0. */
  up(value: number): number
  /** The next number of the series below the value; 0 stays 0. */
  down(value: number): number
}

/**
 * A series by its name: Renard's R, the E series of IEC 60063, 1-2-5, and powers of two.
 * @throws DatabaseError 40257 for an unknown name
 */
export function preferredNumbers(name: string): PreferredNumbers {
  if (name === 'POWERSOF2') return POWERS_OF_TWO
  const series = Object.hasOwn(SERIES, name) ? SERIES[name] : undefined
  if (!series) return fail(40257, `Unknown rounding granularity '${name}'`)
  return decadic(series)
}

// internals

const POWERS_OF_TWO: PreferredNumbers = {
  up: (value) => (value === 0 ? 0 : 2 ** (Math.floor(Math.log2(value)) + 1)),
  down: (value) => (value === 0 ? 0 : 2 ** (Math.ceil(Math.log2(value)) - 1)),
}

/** A series that repeats in every decade; given for one decade, ascending. */
function decadic(series: readonly number[]): PreferredNumbers {
  const first = series[0]!
  // Multiplying by the power, or dividing where it is negative, keeps 0.63 from becoming 0.6300000000000001.
  const scaled = (base: number, exponent: number) =>
    exponent < 0 ? base / 10 ** -exponent : base * 10 ** exponent
  const exponentOf = (value: number) => Math.floor(Math.log10(value / first))
  return {
    up(value) {
      if (value === 0) return 0
      for (let exponent = exponentOf(value) - 1; ; exponent += 1) {
        for (const base of series) if (scaled(base, exponent) > value) return scaled(base, exponent)
      }
    },
    down(value) {
      if (value === 0) return 0
      for (let exponent = exponentOf(value) + 1; ; exponent -= 1) {
        for (const base of series.toReversed())
          if (scaled(base, exponent) < value) return scaled(base, exponent)
      }
    },
  }
}

/** The finer E series are plain roots, rounded to three digits; 9.20 is their one historical exception. */
function roots(count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const number = Math.round(100 * 10 ** (i / count))
    return number === 919 ? 920 : number
  })
}

const R80 = [
  100, 103, 106, 109, 112, 115, 118, 122, 125, 128, 132, 136, 140, 145, 150, 155, 160, 165, 170, 175, 180,
  185, 190, 195, 200, 206, 212, 218, 224, 230, 236, 243, 250, 258, 265, 272, 280, 290, 300, 307, 315, 325,
  335, 345, 355, 365, 375, 387, 400, 412, 425, 437, 450, 462, 475, 487, 500, 515, 530, 545, 560, 580, 600,
  615, 630, 650, 670, 690, 710, 730, 750, 775, 800, 825, 850, 875, 900, 925, 950, 975,
]

const SERIES: Readonly<Record<string, readonly number[]>> = {
  R5: [10, 16, 25, 40, 63],
  R10: every(R80, 8),
  R20: every(R80, 4),
  R40: every(R80, 2),
  R80,
  '1-2-5': [10, 20, 50],
  E6: [10, 15, 22, 33, 47, 68],
  E12: [10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82],
  E24: [10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91],
  E48: roots(48),
  E96: roots(96),
  E192: roots(192),
}

function every(series: readonly number[], step: number): number[] {
  return series.filter((_, i) => i % step === 0)
}
