import type { Collection } from '../catalog.ts'
import { fail } from '../errors.ts'
import { compileFilter } from '../match/index.ts'
import { compileUpdate, type Updater } from '../update/index.ts'
import { documentFromFilter } from '../update/upsert.ts'
import { getOwn } from '../values/own.ts'
import { bsonTypeName, type Doc, isDocument } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, collectionToWrite, viewOf } from './context.ts'
import { prepareDocument } from './insert.ts'
import { matchEnv, matching, type PreparedQuery, prepare, type Query, readQuery } from './query.ts'
import { checkSize, checkValidator } from './validation.ts'
import { prefixed, WriteResults } from './write-results.ts'

/** `update` */
export function update(context: Context, command: Doc): Doc {
  const args = new Arguments('update', command)
  const name = args.collection(context.database)
  const statements = args.required('updates', args.documents('updates'))
  const results = new WriteResults(context, args.boolean('ordered', true))
  const bypass = args.boolean('bypassDocumentValidation')
  const variables = args.document('let')
  args.end()
  // A statement of the wrong form fails the command, before anything is written.
  const requests = statements.map((statement) => readStatement(statement, variables, bypass))
  let n = 0
  let nModified = 0
  const upserted: Doc[] = []
  results.each(requests, (request, index) => {
    const outcome = updateMany(context, name, request)
    n += outcome.matched + (outcome.upserted ? 1 : 0)
    nModified += outcome.modified
    if (outcome.upserted) upserted.push({ index, _id: getOwn(outcome.upserted, '_id') })
  })
  return results.reply({ n, ...(upserted.length > 0 ? { upserted } : {}), nModified })
}

/** One update statement. */
export interface UpdateRequest {
  query: Query
  update: Doc | Doc[]
  multi: boolean
  upsert: boolean
  arrayFilters: Doc[] | undefined
  bypass: boolean
  /** Words put before errors that come up while documents are written, as opposed to those of the request itself. */
  prefix?: string
}

export interface UpdateOutcome {
  matched: number
  modified: number
  /** The document an upsert has inserted. */
  upserted?: Doc
  /** The (last) document before and after, for `findAndModify`. */
  before?: Doc
  after?: Doc
}

/** Runs one update statement. */
export function updateMany(context: Context, name: string, request: UpdateRequest): UpdateOutcome {
  const view = viewOf(context, name)
  const env = matchEnv(context, view, request.query)
  const updater = compileUpdate(request.update, {
    now: context.now,
    ...(request.arrayFilters ? { arrayFilters: request.arrayFilters } : {}),
    ...(env.collation ? { collation: env.collation } : {}),
    ...(env.let ? { let: env.let } : {}),
  })
  if (request.multi && updater.kind === 'replacement') {
    fail(9, 'multi update is not supported for replacement-style update')
  }
  // The filter is checked even when there is nothing to match.
  const prepared = view ? prepare(context, view, request.query) : undefined
  if (!prepared) compileFilter(request.query.filter, env)
  try {
    return execute(context, name, request, updater, prepared)
  } catch (error) {
    throw request.prefix === undefined ? error : prefixed(request.prefix, error)
  }
}

/** Reads `u`, which may be modifiers, a replacement or a pipeline. */
export function readUpdate(value: unknown, field: string): Doc | Doc[] {
  if (isDocument(value)) return value
  if (Array.isArray(value)) {
    if (!value.every(isDocument)) fail(14, `Each element of the '${field}' array must be an object`)
    return value as Doc[]
  }
  return fail(
    9,
    `Update argument must be either an object or an array, but '${field}' is ${bsonTypeName(value ?? null)}`,
  )
}

// internals

function execute(
  context: Context,
  name: string,
  request: UpdateRequest,
  updater: Updater,
  prepared: PreparedQuery | undefined,
): UpdateOutcome {
  const outcome: UpdateOutcome = { matched: 0, modified: 0 }
  if (prepared) {
    const positional = usesPosition(request.update)
    for (const [record, before] of matching(context, prepared, request.multi ? undefined : 1)) {
      outcome.matched++
      const after = applyTo(context, prepared, updater, before, positional)
      outcome.before = before
      outcome.after = after ?? before
      if (!after) continue
      writeVersion(
        context,
        prepared.view.collection,
        record,
        before,
        after,
        request,
        updater.kind === 'replacement',
      )
      outcome.modified++
    }
  }
  if (outcome.matched === 0 && request.upsert) {
    outcome.upserted = upsert(context, name, request, updater)
    outcome.after = outcome.upserted
  }
  return outcome
}

function readStatement(statement: Doc, variables: Doc | undefined, bypass: boolean): UpdateRequest {
  const args = new Arguments('update.updates', statement)
  const request: UpdateRequest = {
    query: readQuery(args, 'q', { variables }),
    update: readUpdate(args.value('u'), 'u'),
    multi: args.boolean('multi'),
    upsert: args.boolean('upsert'),
    arrayFilters: args.documents('arrayFilters'),
    bypass,
  }
  const constants = args.document('c')
  if (constants) {
    if (!Array.isArray(request.update))
      fail(51198, 'Constant values may only be specified for pipeline updates')
    // Constants are values already, while `let` holds expressions.
    const literals = Object.entries(constants).map(([name, value]) => [name, { $literal: value }])
    request.query.let = { ...request.query.let, ...Object.fromEntries(literals) }
  }
  args.required('q', args.document('q'))
  args.end('upsertSupplied', 'sampleId', 'collationSpec')
  return request
}

/** The new version of a document, or undefined when nothing changes. */
function applyTo(
  context: Context,
  prepared: PreparedQuery,
  updater: Updater,
  before: Doc,
  positional: boolean,
): Doc | undefined {
  context.pause.due()
  const arrayIndex = positional ? prepared.matcher.arrayIndex(before) : undefined
  const { doc, changed } = updater.apply(before, {
    insert: false,
    ...(arrayIndex === undefined ? {} : { arrayIndex }),
  })
  return changed ? doc : undefined
}

function writeVersion(
  context: Context,
  collection: Collection,
  record: number,
  before: Doc,
  after: Doc,
  request: UpdateRequest,
  replaced: boolean,
): void {
  checkSize(after, 'Resulting document after update is')
  if (!request.bypass) checkValidator(collection, after, before, context.now)
  context.unit.write(collection, record, before, after, replaced)
}

function upsert(context: Context, name: string, request: UpdateRequest, updater: Updater): Doc {
  const base = documentFromFilter(request.query.filter, updater.kind === 'replacement')
  const { doc: built } = updater.apply(base, { insert: true })
  const doc = prepareDocument(built, context)
  checkSize(doc, 'object to insert')
  const collection = collectionToWrite(context, name)
  if (!request.bypass) checkValidator(collection, doc, undefined, context.now)
  context.unit.insert(collection, doc)
  return doc
}

/** True when a path has a `$` segment: only then is it worth finding out which array element matched. */
function usesPosition(update: Doc | Doc[]): boolean {
  if (Array.isArray(update)) return false
  return Object.values(update).some((paths) => isDocument(paths) && Object.entries(paths).some(hasPosition))
}

function hasPosition([path, operand]: [string, unknown]): boolean {
  return path.includes('.$') || (typeof operand === 'string' && operand.includes('.$'))
}
