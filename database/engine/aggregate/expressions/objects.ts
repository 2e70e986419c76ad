import { calculateObjectSize, Long, ObjectId } from 'bson'
import { fail } from '../../errors.ts'
import { getOwn, setOwn } from '../../values/own.ts'
import { binaryParts, bsonTypeName, type Doc, isBson, isDocument, MISSING } from '../../values/types.ts'
import { checkVariableName, type Expression, type Frame, type Operator, type Scope } from '../scope.ts'
import { checkDocument, isNullish, requiredMember, typeOf, unary } from './arguments.ts'

/** Members of documents, variables and literals, sizes, and the operators that fit nowhere else. */
export const OBJECTS: Readonly<Record<string, Operator>> = {
  $binarySize: unary(binarySize),
  $bsonSize: unary((doc) =>
    isDocument(doc)
      ? calculateObjectSize(doc, { ignoreUndefined: true })
      : fail(31393, `$bsonSize requires a document input, found: ${typeOf(doc)}`),
  ),
  $const: (argument) => () => argument,
  $createObjectId: () => () => new ObjectId(),
  $getField: getField,
  $let: letOperator,
  $literal: (argument) => () => argument,
  $meta: meta,
  $rand: (argument, scope) => {
    const empty = Array.isArray(argument)
      ? argument.length === 0
      : isDocument(argument) && Object.keys(argument).length === 0
    if (!empty) fail(3040501, '$rand does not currently accept arguments')
    return () => scope.random()
  },
  $setField: (argument, scope, name) => setField(argument, scope, name),
  $tsIncrement: unary((value) => timestampPart('$tsIncrement', 5687302, value, 'low')),
  $tsSecond: unary((value) => timestampPart('$tsSecond', 5687301, value, 'high')),
  $unsetField: (argument, scope, name) => setField(argument, scope, name),
  $function: refuseJavaScript,
  $accumulator: refuseJavaScript,
}

// internals

function binarySize(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (bsonTypeName(value) === 'binData') return binaryParts(value).bytes.length
  return fail(51276, `$binarySize requires a string or BinData argument, found: ${typeOf(value)}`)
}

function timestampPart(name: string, code: number, value: unknown, part: 'high' | 'low'): unknown {
  if (!isBson(value, 'Timestamp')) {
    return fail(code, ` Argument to ${name} must be a timestamp, but is ${typeOf(value)}`)
  }
  return Long.fromNumber((value as Record<typeof part, number>)[part] >>> 0)
}

function letOperator(argument: unknown, scope: Scope): Expression {
  const doc = checkDocument(argument, {
    shape: [16874, () => '$let only supports an object as its argument'],
    unknown: [16875, (member) => `Unrecognized parameter to $let: ${member}`],
    required: {
      vars: [16876, "Missing 'vars' parameter to $let"],
      in: [16877, "Missing 'in' parameter to $let"],
    },
  })
  const vars = doc.vars
  if (!isDocument(vars)) return fail(10065, `invalid parameter: expected an object (vars)`)
  let inner = scope
  const bindings = Object.keys(vars).map((name) => {
    checkVariableName(name)
    // The values see the scope around the $let, not each other.
    const value = scope.compile(vars[name])
    const bound = inner.bind(name)
    inner = bound.scope
    return { slot: bound.slot, value }
  })
  const result = requiredMember(doc, 'in', inner)
  return (frame) => {
    const values = bindings.map(({ value }) => value(frame))
    bindings.forEach(({ slot }, i) => {
      frame.locals[slot] = values[i]
    })
    return result(frame)
  }
}

function getField(argument: unknown, scope: Scope): Expression {
  let field: unknown = argument
  let input: unknown = '$$CURRENT'
  const [first = ''] = isDocument(argument) ? Object.keys(argument) : []
  if (isDocument(argument) && !first.startsWith('$')) {
    const doc = checkDocument(argument, {
      shape: [3041700, () => ''],
      unknown: [3041701, (member) => `$getField found an unknown argument: ${member}`],
      required: {
        field: [3041702, "$getField requires 'field' to be specified"],
        input: [3041703, "$getField requires 'input' to be specified"],
      },
    })
    field = doc.field
    input = doc.input
  }
  const name = compileFieldName(field, scope)
  const source = scope.compile(input)
  return (frame) => {
    const key = name(frame)
    const doc = source(frame)
    if (isNullish(doc)) return doc
    return isDocument(doc) ? getOwn(doc, key) : MISSING
  }
}

/** The name of the field to read: an expression; a bare path is almost always a mistake, so refused. */
function compileFieldName(field: unknown, scope: Scope): (frame: Frame) => string {
  if (typeof field === 'string') return field.startsWith('$') ? refusePath(5654600, field) : () => field
  const expression = scope.compile(field)
  return (frame) => {
    const value = expression(frame)
    if (typeof value === 'string') return value
    return fail(3041704, `$getField requires 'field' to evaluate to type String, but got ${typeOf(value)}`)
  }
}

function setField(argument: unknown, scope: Scope, operator: string): Expression {
  const setting = operator === '$setField'
  const doc = checkDocument(argument, {
    shape: [4161100, () => `${operator} only supports an object as its argument`],
    unknown: [4161101, (member) => `${operator} found an unknown argument: ${member}`],
    required: {
      field: [4161102, `${operator} requires 'field' to be specified`],
      ...(setting ? { value: [4161103, `${operator} requires 'value' to be specified`] as const } : {}),
      input: [4161109, `${operator} requires 'input' to be specified`],
    },
  })
  const name = constantFieldName(operator, doc.field)
  const input = requiredMember(doc, 'input', scope)
  const value = setting ? requiredMember(doc, 'value', scope) : () => MISSING
  return (frame) => {
    const target = input(frame)
    if (isNullish(target)) return null
    if (!isDocument(target)) return fail(4161105, `${operator} requires 'input' to evaluate to type Object`)
    return withMember(target, name, value(frame))
  }
}

/** The name of the field to set: known before any document, as on the server. */
function constantFieldName(operator: string, field: unknown): string {
  if (typeof field === 'string') return field.startsWith('$') ? refusePath(4161108, field) : field
  const literal = isDocument(field) && Object.hasOwn(field, '$literal') ? field.$literal : field
  if (typeof literal === 'string') return literal
  if (isDocument(literal) || Array.isArray(literal)) {
    return fail(
      4161106,
      `${operator} requires 'field' to evaluate to a constant, but got a non-constant argument`,
    )
  }
  return fail(4161107, `${operator} requires 'field' to evaluate to type String, but got ${typeOf(literal)}`)
}

function refusePath(code: number, field: string): never {
  return fail(
    code,
    `'${field}' is a field path reference which is not allowed in this context. Did you mean {$literal: '${field}'}?`,
  )
}

function withMember(doc: Doc, name: string, value: unknown): Doc {
  const copy: Doc = {}
  for (const key of Object.keys(doc)) {
    if (key !== name) setOwn(copy, key, doc[key])
    else if (value !== MISSING) setOwn(copy, key, value)
  }
  if (value !== MISSING && !Object.hasOwn(copy, name)) setOwn(copy, name, value)
  return copy
}

/** Kinds of metadata a server of ours never has beside a document; asking for most of them gives nothing. */
const SILENT_METADATA = new Set([
  'searchScore',
  'searchHighlights',
  'searchScoreDetails',
  'vectorSearchScore',
  'searchSequenceToken',
  'recordId',
  'indexKey',
  'sortKey',
  'timeseriesBucketMinTime',
  'timeseriesBucketMaxTime',
  'randVal',
])

function meta(argument: unknown, { options: { scores } }: Scope): Expression {
  if (typeof argument !== 'string') return fail(17307, '$meta only supports string arguments')
  switch (argument) {
    case 'textScore':
      if (scores) return ({ root }) => (isDocument(root) ? (scores.of(root) ?? MISSING) : MISSING)
      return fail(40218, 'query requires text score metadata, but it is not available')
    case 'geoNearDistance':
    case 'geoNearPoint':
      return fail(40218, `query requires ${argument} metadata, but it is not available`)
    default:
      return SILENT_METADATA.has(argument)
        ? () => MISSING
        : fail(17308, `Unsupported argument to $meta: ${argument}`)
  }
}

function refuseJavaScript(_argument: unknown, _scope: Scope, name: string): never {
  return fail(
    31264,
    `${name} is switched off here: the embedded database runs no JavaScript inside queries. Rewrite it with expressions, or connect a real server (database: 'mongodb://…')`,
  )
}
