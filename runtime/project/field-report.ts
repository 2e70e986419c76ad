/** Complaints about the members of one JSON file: what is wrong, where, and what is allowed. */
import { type JsonPath, type JsonSource, showValue } from './json-source.ts'
import type { ProjectProblem } from './manifest.ts'

export class FieldReport {
  readonly problems: ProjectProblem[] = []
  readonly #source: JsonSource

  constructor(source: JsonSource) {
    this.#source = source
  }

  /** A member that cannot be used: takes its function down. */
  wrong(path: JsonPath, value: unknown, allowed: string, hint?: string): void {
    const found = value === undefined ? 'missing' : showValue(value)
    this.#add('error', `${fieldName(path)} is ${found}; allowed: ${allowed}`, path, 'value', hint)
  }

  /** A member that works, but not as written. */
  warn(path: JsonPath, message: string, hint?: string): void {
    this.#add('warning', `${fieldName(path)} ${message}`, path, 'value', hint)
  }

  /** Members nobody reads, with the known name that was probably meant. */
  unknownKeys(path: JsonPath, value: object, known: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue
      const near = closest(key, known)
      const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`
      this.#add(
        'warning',
        `${fieldName([...path, key])} is not known and has no effect`,
        [...path, key],
        'key',
        hint,
      )
    }
  }

  #add(
    severity: ProjectProblem['severity'],
    message: string,
    path: JsonPath,
    point: 'key' | 'value',
    hint?: string,
  ): void {
    const problem: ProjectProblem = { severity, message, where: this.#source.place(path, point) }
    if (hint !== undefined) problem.hint = hint
    this.problems.push(problem)
  }
}

/** Whether a JSON value is an object proper. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// internals

/** `['triggers', 0, 'name']` -> `triggers[0].name`. */
function fieldName(path: JsonPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}

/** The known name at most two edits away. */
function closest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return ranked !== undefined && ranked.distance <= 2 ? ranked.name : undefined
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
