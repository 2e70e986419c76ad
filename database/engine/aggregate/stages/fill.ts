import { fail } from '../../errors.ts'
import { bsonTypeName, type Doc, isDocument } from '../../values/types.ts'
import { addFieldsStage } from './projection.ts'
import type { Stage, StageContext } from './stage.ts'
import { setWindowFieldsStage } from './window.ts'

/** `$fill`: gaps (null or missing) filled with a value, from the neighbours, or with the last value seen. */
export function fillStage(argument: unknown, context: StageContext): Stage {
  const { partition, sortBy, output } = readArgument(argument)
  const windowOutput: Doc = {}
  const values: Doc = {}
  for (const field of Object.keys(output)) {
    const spec = output[field]
    if (!isDocument(spec) || Object.keys(spec).length !== 1) {
      return fail(
        6050202,
        `Each output field of $fill must be an object with exactly one of 'value' and 'method': ${field}`,
      )
    }
    if (Object.hasOwn(spec, 'value')) values[field] = { $ifNull: [`$${field}`, spec.value] }
    else windowOutput[field] = methodFunction(field, spec.method, sortBy)
  }
  const stages: Stage[] = []
  if (Object.keys(windowOutput).length > 0) {
    stages.push(
      setWindowFieldsStage(
        {
          ...(partition === undefined ? {} : { partitionBy: partition }),
          sortBy: sortBy ?? {},
          output: windowOutput,
        },
        context,
      ),
    )
  }
  if (Object.keys(values).length > 0) stages.push(addFieldsStage(values, context, '$fill'))
  return { run: (input) => stages.reduce((docs, stage) => stage.run(docs), input) }
}

// internals

interface FillSpec {
  partition: unknown
  sortBy: Doc | undefined
  output: Doc
}

function methodFunction(field: string, method: unknown, sortBy: Doc | undefined): Doc {
  switch (method) {
    case 'locf':
      return { $locf: `$${field}` }
    case 'linear':
      if (!sortBy)
        fail(
          605001,
          '$linearFill must be specified with a top level sortBy expression with exactly one element',
        )
      return { $linearFill: `$${field}` }
    default:
      return fail(6050202, `Method must be either 'locf' or 'linear', found ${String(method)}`)
  }
}

function readArgument(argument: unknown): FillSpec {
  if (!isDocument(argument)) {
    return fail(9, `The $fill stage specification must be an object, found ${bsonTypeName(argument)}`)
  }
  for (const member of Object.keys(argument)) {
    if (!['partitionBy', 'partitionByFields', 'sortBy', 'output'].includes(member)) {
      fail(40415, `BSON field '$fill.${member}' is an unknown field.`)
    }
  }
  const { partitionBy, partitionByFields: fields, sortBy, output } = argument
  if (!isDocument(output)) return fail(40414, "BSON field '$fill.output' is missing but a required field")
  if (Object.keys(output).length === 0)
    fail(6050203, 'The output field of $fill must contain at least one field')
  if (partitionBy !== undefined && fields !== undefined) {
    fail(6050204, "Maximum one of 'partitionBy' and 'partitionByFields can be specified in '$fill'")
  }
  if (sortBy !== undefined && !isDocument(sortBy)) {
    return fail(
      14,
      `BSON field '$fill.sortBy' is the wrong type '${bsonTypeName(sortBy)}', expected type 'object'`,
    )
  }
  return { partition: fields === undefined ? partitionBy : partitionFields(fields), sortBy, output }
}

function partitionFields(fields: unknown): unknown {
  if (!Array.isArray(fields))
    return fail(14, "BSON field '$fill.partitionByFields' must be an array of strings")
  const names = fields.map((field) => {
    if (typeof field !== 'string')
      return fail(14, "BSON field '$fill.partitionByFields' must be an array of strings")
    return field.startsWith('$')
      ? fail(6050200, `Each field of 'partitionByFields' must not begin with '$': ${field}`)
      : field
  })
  // A document keeps the keys of several fields apart; dots may not stand in its names.
  return Object.fromEntries(names.map((name, i) => [`f${i}`, `$${name}`]))
}
