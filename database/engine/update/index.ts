import { fail } from '../errors.ts'
import type { MatchEnv } from '../match/index.ts'
import { comparator, compareValues } from '../values/compare.ts'
import { describeMember } from '../values/describe.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, MISSING } from '../values/types.ts'
import { applyNode } from './apply.ts'
import { compileArrayFilters, type ElementFilters } from './array-filters.ts'
import type { Place, UpdateNode } from './node.ts'
import { type ParsedModifiers, parseModifiers } from './parse.ts'
import { compilePipelineUpdate } from './pipeline-update.ts'
import { removeSource } from './rename.ts'
import { checkReplacement, replaceDocument, withIdFirst } from './replacement.ts'

/** What an update is compiled against. */
export interface UpdateEnv {
  arrayFilters?: readonly Doc[] | undefined
  now: Date
  collation?: unknown
  /** Values of the command's `let` and of the statement's constants. */
  let?: Record<string, unknown> | undefined
}

export interface ApplyOptions {
  /** What the positional `$` stands for, from the matcher. */
  arrayIndex?: number | undefined
  /** True while the document of an upsert is built; `$setOnInsert` takes part then. */
  insert: boolean
}

/** A compiled update. */
export interface Updater {
  readonly kind: 'modifiers' | 'replacement' | 'pipeline'
  /**
   * Gives the new document, sharing what does not change; the old document itself when nothing changes.
   * @throws DatabaseError with MongoDB's code; the old document is untouched
   */
  apply(doc: Doc, options: ApplyOptions): { doc: Doc; changed: boolean }
}

/**
 * Compiles an update: modifiers, a replacement, or a pipeline (spec/embedded-database.md §6, spec/database.md §8).
 * @throws DatabaseError with MongoDB's code for whatever is malformed in the update
 */
export function compileUpdate(update: Doc | readonly Doc[], env: UpdateEnv): Updater {
  if (Array.isArray(update)) return pipelineUpdater(update as readonly Doc[], env)
  const [first] = Object.keys(update)
  return first?.startsWith('$') ? modifierUpdater(update as Doc, env) : replacementUpdater(update as Doc, env)
}

// internals

function pipelineUpdater(stages: readonly Doc[], env: UpdateEnv): Updater {
  if (env.arrayFilters && env.arrayFilters.length > 0) {
    fail(9, 'arrayFilters may not be specified for pipeline-style updates')
  }
  const { now, collation, let: variables } = env
  const transform = compilePipelineUpdate(stages, { now, collation, variables })
  return { kind: 'pipeline', apply: (doc) => outcome(doc, replaceDocument(doc, transform(doc))) }
}

function replacementUpdater(replacement: Doc, env: UpdateEnv): Updater {
  if (env.arrayFilters && env.arrayFilters.length > 0) {
    fail(9, 'arrayFilters may not be specified for replacement-style updates')
  }
  checkReplacement(replacement)
  return { kind: 'replacement', apply: (doc) => outcome(doc, replaceDocument(doc, replacement)) }
}

function modifierUpdater(update: Doc, env: UpdateEnv): Updater {
  const match: MatchEnv = { now: env.now, collation: env.collation, let: env.let }
  const filters = compileArrayFilters(env.arrayFilters, match)
  const parsed = parseModifiers(update, filters, { compare: comparator(env.collation), match })
  return {
    kind: 'modifiers',
    apply: (doc, options) => outcome(doc, applyModifiers(parsed, doc, filters, options, env.now)),
  }
}

function applyModifiers(
  { root, renames }: ParsedModifiers,
  doc: Doc,
  filters: ElementFilters,
  { arrayIndex, insert }: ApplyOptions,
  now: Date,
): Doc {
  const place: Place = { original: doc, path: [], insert, arrayIndex, now }
  const updated = applyNode(root, doc, place, filters) as Doc
  checkId(doc, updated, root)
  checkNewFields(doc, updated)
  return withIdFirst(renames.reduce(removeSource, updated))
}

function outcome(before: Doc, after: Doc): { doc: Doc; changed: boolean } {
  return { doc: after, changed: after !== before }
}

function checkId(before: Doc, after: Doc, root: UpdateNode): void {
  const old = getOwn(before, '_id')
  const id = getOwn(after, '_id')
  if (old === MISSING || id === old) return
  const node = root.kind === 'object' ? root.children.get('_id') : undefined
  if (node?.kind === 'leaf' && id !== MISSING && typeof id === 'object' && id !== null) {
    if (compareValues(id, old) === 0) return
    fail(
      66,
      `After applying the update, the immutable field '_id' was found to have been altered to ${describeMember('_id', id)}`,
    )
  }
  fail(66, `Performing an update on the path '${idPath(node)}' would modify the immutable field '_id'`)
}

function idPath(node: UpdateNode | undefined): string {
  let path = '_id'
  let current = node
  while (current?.kind === 'object') {
    const [entry] = current.children
    if (entry === undefined) break
    path += `.${entry[0]}`
    current = entry[1]
  }
  return path
}

/** The server stores names that begin with `$` only below the top level. */
function checkNewFields(before: Doc, after: Doc): void {
  if (after === before) return
  for (const name of Object.keys(after)) {
    if (name.startsWith('$') && !Object.hasOwn(before, name)) {
      fail(
        52,
        `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      )
    }
  }
}
