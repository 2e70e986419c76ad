import { ObjectId, Timestamp } from 'bson'
import { getOwn, setOwn } from '../values/own.ts'
import { type Doc, isBson, MISSING } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, collectionToWrite } from './context.ts'
import { checkId, checkSize, checkValidator } from './validation.ts'
import { WriteResults } from './write-results.ts'

/** `insert` */
export function insert(context: Context, command: Doc): Doc {
  const args = new Arguments('insert', command)
  const name = args.collection(context.database)
  const documents = args.required('documents', args.documents('documents'))
  const results = new WriteResults(context, args.boolean('ordered', true))
  const bypass = args.boolean('bypassDocumentValidation')
  args.end()
  let n = 0
  results.each(documents, (document) => {
    const doc = prepareDocument(document, context)
    checkSize(doc, 'object to insert')
    const collection = collectionToWrite(context, name)
    if (!bypass) checkValidator(collection, doc, undefined, context.now)
    context.unit.insert(collection, doc)
    n++
  })
  return results.reply({ n })
}

/**
 * A document as it is stored: `_id` first, made up when missing; empty timestamps get the time.
 * @throws DatabaseError 53, 52 for an unusable `_id`
 */
export function prepareDocument(document: Doc, context: Context): Doc {
  const id = getOwn(document, '_id')
  if (id !== MISSING) checkId(id)
  const first = Object.keys(document)[0]
  let doc = document
  if (first !== '_id') {
    doc = { _id: id === MISSING ? new ObjectId() : id }
    for (const key of Object.keys(document)) if (key !== '_id') setOwn(doc, key, document[key])
  }
  return withTimestamps(doc, context)
}

// internals

/** Only top-level members are filled in, `_id` is not. */
function withTimestamps(doc: Doc, context: Context): Doc {
  let filled = doc
  for (const [key, value] of Object.entries(doc)) {
    if (key === '_id' || !isBson(value, 'Timestamp') || String(value) !== '0') continue
    if (filled === doc) filled = { ...doc }
    filled[key] = new Timestamp({ t: Math.floor(context.now.getTime() / 1000), i: 1 })
  }
  return filled
}
