import { TURN } from '../pause.ts'
import { type Doc, isDocument } from '../values/types.ts'
import type { Flow } from './flow.ts'

/**
 * How well the documents of a pipeline that begins with `$text` fit, for `{$meta: 'textScore'}`. Documents made out of
 * others take over their score, as long as one comes out of one.
 */
export class TextScores {
  readonly #scores = new WeakMap<Doc, number>()

  of(doc: Doc): number | undefined {
    return this.#scores.get(doc)
  }

  note(doc: Doc, score: number): void {
    this.#scores.set(doc, score)
  }

  /** Lets what a stage makes of a document have the document's score. */
  *carry(input: Flow, run: (input: Flow) => Flow): Flow {
    let score: number | undefined
    const watched = watch(input, (doc) => {
      score = this.of(doc)
    })
    for (const doc of run(watched)) {
      if (doc !== TURN && score !== undefined) this.note(doc, score)
      yield doc
    }
  }
}

/** Stages that make their documents one by one out of those that come. */
export const MAKE_OF_ONE: ReadonlySet<string> = new Set([
  '$addFields',
  '$graphLookup',
  '$lookup',
  '$project',
  '$redact',
  '$replaceRoot',
  '$replaceWith',
  '$set',
  '$unset',
  '$unwind',
])

/** True for a filter with `$text` in it. */
export function asksForText(filter: unknown): boolean {
  if (!isDocument(filter)) return false
  return Object.entries(filter).some(([name, value]) => {
    return name === '$text' || (Array.isArray(value) && name.startsWith('$') && value.some(asksForText))
  })
}

// internals

function* watch(input: Flow, see: (doc: Doc) => void): Flow {
  for (const doc of input) {
    if (doc !== TURN) see(doc)
    yield doc
  }
}
