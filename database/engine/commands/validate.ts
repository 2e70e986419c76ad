import { fail } from '../errors.ts'
import type { Doc } from '../values/types.ts'
import { Findings } from '../verify/finding.ts'
import { verifyCollection } from '../verify/verify-collection.ts'
import { Arguments } from './arguments.ts'
import { type Context, liveUnit } from './context.ts'

/** `validate`: the documents and indexes of a collection as they are in memory now. */
export function validate(context: Context, command: Doc): Doc {
  const unit = liveUnit(context, 'validate')
  const args = new Arguments('validate', command)
  const name = args.collection(context.database)
  args.end('full', 'repair', 'metadata', 'background', 'checkBSONConformance', 'enforceFastCount')
  const ns = `${context.database}.${name}`
  const collection = unit.find(context.database, name)
  if (!collection) return fail(26, `Collection '${ns}' does not exist to validate.`)
  const { data } = collection
  const findings = new Findings()
  verifyCollection(ns, data, findings)
  const errors = findings.list.map(({ message }) => message)
  const indexes = [...data.indexes]
  return {
    ns,
    nInvalidDocuments: 0,
    nNonCompliantDocuments: 0,
    nrecords: data.size,
    nIndexes: indexes.length,
    keysPerIndex: Object.fromEntries(indexes.map((index) => [index.name, index.size])),
    indexDetails: Object.fromEntries(
      indexes.map(({ name: own }) => [
        own,
        { valid: !errors.some((message) => message.includes(`index ${own}`)) },
      ]),
    ),
    valid: errors.length === 0,
    repaired: false,
    warnings: [],
    errors,
    extraIndexEntries: [],
    missingIndexEntries: [],
    ok: 1,
  }
}
