import { fail } from '../errors.ts'
import { compileFilter } from '../match/index.ts'
import { compileProjection } from '../projection.ts'
import { getOwn } from '../values/own.ts'
import type { Doc } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, viewOf } from './context.ts'
import { matchEnv, matching, prepare, type Query, readQuery } from './query.ts'
import { readUpdate, updateMany } from './update.ts'
import { prefixed } from './write-results.ts'

/** `findAndModify` */
export function findAndModify(context: Context, command: Doc): Doc {
  const request = readRequest(context, command)
  return request.remove ? removeOne(context, request) : updateOne(context, request)
}

// internals

const PREFIX = 'Plan executor error during findAndModify'

interface Request {
  name: string
  query: Query
  remove: boolean
  update: Doc | Doc[] | undefined
  returnNew: boolean
  fields: Doc | undefined
  upsert: boolean
  arrayFilters: Doc[] | undefined
  bypass: boolean
}

function readRequest(context: Context, command: Doc): Request {
  const args = new Arguments('findAndModify' in command ? 'findAndModify' : 'findandmodify', command)
  const request: Request = {
    name: args.collection(context.database),
    query: readQuery(args, 'query', { sorted: true }),
    remove: args.boolean('remove'),
    update: args.value('update') === undefined ? undefined : readUpdate(args.value('update'), 'update'),
    returnNew: args.boolean('new'),
    fields: args.document('fields'),
    upsert: args.boolean('upsert'),
    arrayFilters: args.documents('arrayFilters'),
    bypass: args.boolean('bypassDocumentValidation'),
  }
  args.end()
  if (request.remove && request.update) fail(9, 'Cannot specify both an update and remove=true')
  if (request.remove && request.upsert) fail(9, 'Cannot specify both upsert=true and remove=true')
  if (request.remove && request.returnNew) {
    fail(9, "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document")
  }
  if (request.returnNew && request.fields && isPositional(request.fields)) {
    fail(2, 'cannot use a positional projection and return the new document')
  }
  if (!request.remove && !request.update) fail(9, 'Either an update or remove=true must be specified')
  return request
}

function removeOne(context: Context, request: Request): Doc {
  const view = viewOf(context, request.name)
  if (!view) compileFilter(request.query.filter, matchEnv(context, undefined, request.query))
  const [first] = view ? matching(context, prepare(context, view, request.query), 1) : []
  if (!view || !first) return { lastErrorObject: { n: 0 }, value: null, ok: 1 }
  const [record, doc] = first
  try {
    context.unit.remove(view.collection, record, doc)
  } catch (error) {
    throw prefixed(PREFIX, error)
  }
  return { lastErrorObject: { n: 1 }, value: shaped(context, request, doc), ok: 1 }
}

function updateOne(context: Context, request: Request): Doc {
  const { name, query, upsert, arrayFilters, bypass, returnNew } = request
  const update = request.update!
  const one = { query, update, multi: false, upsert, arrayFilters, bypass, prefix: PREFIX }
  const outcome = updateMany(context, name, one)
  const { upserted } = outcome
  const value = returnNew ? outcome.after : outcome.before
  return {
    lastErrorObject: {
      n: outcome.matched > 0 || upserted ? 1 : 0,
      updatedExisting: outcome.matched > 0,
      ...(upserted ? { upserted: getOwn(upserted, '_id') } : {}),
    },
    value: value ? shaped(context, request, value) : null,
    ok: 1,
  }
}

/** The document as `fields` wants it; a positional `$` tells the element that satisfied the query. */
function shaped(context: Context, { name, fields, query }: Request, doc: Doc): Doc {
  if (!fields || Object.keys(fields).length === 0) return doc
  const env = matchEnv(context, viewOf(context, name), query)
  const project = compileProjection(fields, { ...env, filter: query.filter })
  return isPositional(fields) ? project(doc, compileFilter(query.filter, env).arrayIndex(doc)) : project(doc)
}

function isPositional(fields: Doc): boolean {
  return Object.keys(fields).some((path) => path.endsWith('.$'))
}
