import { TURN, type Turn, type Turns } from '../pause.ts'
import type { Doc } from '../values/types.ts'

/**
 * What passes between the stages of a pipeline: documents one by one, and now and then a {@link TURN}, which every stage
 * passes on at once. Whoever asks for the results lets others in then, and asks for the next (spec/embedded-database.md
 * §11): so a stage that swallows thousands of documents before it gives the first holds up nobody.
 */
export type Flow = Iterable<Doc | Turn>

/** A stage that makes at most one document of each; undefined drops it. */
export function mapping(make: (doc: Doc) => Doc | undefined): (input: Flow) => Flow {
  return function* (input) {
    for (const doc of input) {
      if (doc === TURN) {
        yield doc
        continue
      }
      const made = make(doc)
      if (made !== undefined) yield made
    }
  }
}

/** Every document that comes, in a list. */
export function* gather(input: Flow): Generator<Turn, Doc[]> {
  const docs: Doc[] = []
  for (const doc of input) {
    if (doc === TURN) yield doc
    else docs.push(doc)
  }
  return docs
}

/** Hands every document to `take`, and passes nothing on. */
export function* consume(input: Flow, take: (doc: Doc) => void): Generator<Turn, void> {
  for (const doc of input) {
    if (doc === TURN) yield doc
    else take(doc)
  }
}

/** Documents that are all there, as a flow. */
export function* emit<T>(
  items: Iterable<T>,
  turns: Turns,
  make: (item: T) => Doc,
): Generator<Doc | Turn, void> {
  for (const item of items) {
    if (turns.due()) yield TURN
    yield make(item)
  }
}

/** The documents alone, for those who do not let others in. */
export function* documentsOf(flow: Flow): Generator<Doc, void> {
  for (const doc of flow) if (doc !== TURN) yield doc
}
