import { Timestamp } from 'bson'
import { fail } from '../errors.ts'
import { describeValue } from '../values/describe.ts'
import { setOwn } from '../values/own.ts'
import { type Doc, isDocument, MISSING } from '../values/types.ts'
import { OPERATORS } from './expressions/operators.ts'
import { checkFieldName, compileReader, parseFieldPath } from './field-path.ts'
import { isReference, mentions } from './literals.ts'
import { createFrame, type Expression, Scope, type ScopeOptions, type Variables } from './scope.ts'

export type { Expression, Frame, ScopeOptions, Variables } from './scope.ts'
export { createFrame, Scope } from './scope.ts'

/** The outermost scope of a command: its `let` variables, clock and collation. */
export function createScope(options: ScopeOptions): Scope {
  return new Scope(options, compileExpression)
}

/**
 * Compiles an aggregation expression to a closure (spec/database.md §10).
 * @param expression field path, variable, operator document, or a literal
 * @throws DatabaseError for what is wrong already without a document: unknown operators (168), argument counts …
 */
export function compileExpression(expression: unknown, scope: Scope): Expression {
  if (typeof expression === 'string') return compileText(expression, scope)
  if (Array.isArray(expression)) return compileArray(expression, scope)
  if (isDocument(expression)) return compileDocument(expression, scope)
  return constant(expression === undefined ? null : expression)
}

/** Compiles an expression into a function of the document alone. */
export function compileFunction(expression: unknown, scope: Scope): (doc: unknown) => unknown {
  const compiled = compileExpression(expression, scope)
  const frame = createFrame()
  return (doc) => {
    frame.root = doc
    return compiled(frame)
  }
}

/**
 * Evaluates the `let` of a command: expressions without a document.
 * @throws DatabaseError 16866 to 16868 for bad names, and whatever the expressions throw
 */
export function evaluateLet(variables: Doc | undefined, options: ScopeOptions): Variables {
  const values = Object.create(null) as Variables
  // Each one sees those before it.
  const scope = createScope({ ...options, let: values })
  if (mentions(variables, isDocumentReference)) {
    fail(
      4890500,
      'Command let Expression tried to access a field, but this is not allowed because command let expressions run before the query examines any documents.',
    )
  }
  for (const name of Object.keys(variables ?? {})) {
    values[name] = compileFunction(variables?.[name], scope)(MISSING)
  }
  return values
}

// internals

function isDocumentReference(text: string): boolean {
  return text.startsWith('$$') ? /^\$\$(?:ROOT|CURRENT)\b/.test(text) : text.startsWith('$')
}

function constant(value: unknown): Expression {
  return () => value
}

function compileText(text: string, scope: Scope): Expression {
  if (!text.startsWith('$')) return constant(text)
  if (text.startsWith('$$')) return compileVariable(text.slice(2), scope)
  if (text === '$') return fail(16872, "'$' by itself is not a valid FieldPath")
  const read = compileReader(parseFieldPath(text.slice(1)))
  const current = scope.lookUp('CURRENT')
  if (current && 'slot' in current) {
    const { slot } = current
    return (frame) => read(frame.locals[slot])
  }
  return (frame) => read(frame.root)
}

function compileVariable(text: string, scope: Scope): Expression {
  const dot = text.indexOf('.')
  const name = dot < 0 ? text : text.slice(0, dot)
  if (name === '') return fail(16869, 'empty variable names are not allowed')
  const variable = variableNamed(name, scope)
  if (dot < 0) return variable
  const read = compileReader(parseFieldPath(text.slice(dot + 1)))
  return (frame) => read(variable(frame))
}

function variableNamed(name: string, scope: Scope): Expression {
  const binding = scope.lookUp(name)
  if (binding) {
    if ('slot' in binding) {
      const { slot } = binding
      return (frame) => frame.locals[slot]
    }
    const { holder } = binding
    return () => holder[name]
  }
  switch (name) {
    case 'ROOT':
    case 'CURRENT':
      return (frame) => frame.root
    case 'REMOVE':
      return constant(MISSING)
    case 'NOW':
      return constant(scope.options.now)
    case 'CLUSTER_TIME':
      return constant(new Timestamp({ t: Math.floor(scope.options.now.getTime() / 1000), i: 1 }))
    default:
      return fail(17276, `Use of undefined variable: ${name}`)
  }
}

function compileArray(array: readonly unknown[], scope: Scope): Expression {
  const elements = array.map((element) => compileExpression(element, scope))
  return (frame) =>
    elements.map((element) => {
      const value = element(frame)
      return value === MISSING ? null : value
    })
}

function compileDocument(doc: Doc, scope: Scope): Expression {
  const keys = Object.keys(doc)
  const [first] = keys
  if (first === undefined) return () => ({})
  if (first.startsWith('$')) {
    if (keys.length > 1) {
      fail(15983, `an object representing an expression must have exactly one field: ${describeValue(doc)}`)
    }
    return compileOperator(first, doc[first], scope)
  }
  return compileMembers(keys, doc, scope)
}

function compileMembers(keys: readonly string[], doc: Doc, scope: Scope): Expression {
  const members = keys.map((key) => {
    checkFieldName(key)
    if (key.includes('.')) {
      fail(16412, "FieldPath field names may not contain '.'. Consider using $getField or $setField.")
    }
    return { key, value: compileExpression(doc[key], scope) }
  })
  return (frame) => {
    const result: Doc = {}
    for (const { key, value } of members) {
      const member = value(frame)
      if (member !== MISSING) setOwn(result, key, member)
    }
    return result
  }
}

/** Operators whose value is not decided by their arguments. */
const VARYING = new Set(['$createObjectId', '$getField', '$meta', '$rand'])

function compileOperator(name: string, argument: unknown, scope: Scope): Expression {
  const operator = OPERATORS.get(name)
  if (!operator) return fail(168, `Unrecognized expression '${name}'`)
  const compiled = operator(argument, scope, name)
  // Constants are worked out before any document is seen, so that what is wrong with them shows even where no
  // document gets there, as on the server.
  return isFixed(name, argument) ? constant(compiled(createFrame())) : compiled
}

function isFixed(name: string, argument: unknown): boolean {
  return !VARYING.has(name) && !mentions(argument, isReference) && !hasVarying(argument)
}

function hasVarying(argument: unknown): boolean {
  if (Array.isArray(argument)) return argument.some(hasVarying)
  if (!isDocument(argument)) return false
  return Object.keys(argument).some((key) => VARYING.has(key) || hasVarying(argument[key]))
}
