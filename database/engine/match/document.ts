import { compileFunction, createScope } from '../aggregate/expression.ts'
import { fail } from '../errors.ts'
import { describeMember } from '../values/describe.ts'
import { isNumber, toDouble, toSafeInteger } from '../values/numbers.ts'
import { isTruthy } from '../values/truth.ts'
import { type Doc, isDocument } from '../values/types.ts'
import { comparison } from './comparison.ts'
import type { MatchContext } from './context.ts'
import { compileField } from './field.ts'
import { compileSchema } from './json-schema.ts'
import { allOf, anyOf, bind, constant, type Node, noneOf, onDocument, onElements, RANK } from './node.ts'
import { parseText } from './text.ts'
import { compileWhere } from './where.ts'

/**
 * Compiles a filter document: field conditions and the operators that concern the document as a whole.
 * @param nested true inside `$elemMatch`, where the document is an array element
 */
export function compileDocument(filter: Doc, context: MatchContext, nested: boolean): Node {
  const nodes: Node[] = []
  for (const name of Object.keys(filter)) {
    const node = name.startsWith('$')
      ? compileDocumentOperator(name, filter[name], context, nested)
      : bind(name, compileField(name, filter[name], context, nested))
    if (node !== undefined) nodes.push(node)
  }
  return allOf(nodes)
}

// internals

function compileDocumentOperator(
  name: string,
  operand: unknown,
  context: MatchContext,
  nested: boolean,
): Node | undefined {
  switch (name) {
    case '$and':
      return allOf(branches(name, operand, context, nested))
    case '$or':
      return anyOf(branches(name, operand, context, nested))
    case '$nor':
      return noneOf(branches(name, operand, context, nested))
    case '$comment':
      return undefined
    case '$expr':
      if (nested) fail(2, '$expr can only be applied to the top-level document')
      return compileExpr(operand, context)
    case '$jsonSchema': {
      if (!isDocument(operand)) return fail(14, '$jsonSchema must be an object')
      const holds = compileSchema(operand)
      return onDocument(RANK.always, (doc) => holds(doc))
    }
    case '$where':
      if (nested) fail(2, '$elemMatch cannot contain $where expression')
      return onDocument(RANK.where, compileWhere(operand, context.env.javascript === true))
    case '$text': {
      if (nested) fail(2, '$text can only be applied to the top-level document')
      if (context.text !== undefined) fail(2, 'Too many text expressions')
      const query = parseText(operand, context.env.textFields)
      context.text = query
      return onDocument(RANK.text, (doc) => query.score(doc) > 0)
    }
    case '$sampleRate':
      return compileSampleRate(operand, context)
    case '$alwaysTrue':
    case '$alwaysFalse':
      if (toSafeInteger(operand) !== 1) fail(9, `${name} must be an integer value of 1`)
      return constant(name === '$alwaysTrue')
    case '$ref':
    case '$id':
    case '$db':
      return bind(name, onElements(RANK.eq, comparison('eq', operand, context.order, context.collated)))
    default:
      return fail(
        2,
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      )
  }
}

function branches(name: string, operand: unknown, context: MatchContext, nested: boolean): Node[] {
  if (!Array.isArray(operand)) return fail(2, `${name} must be an array`)
  if (operand.length === 0) fail(2, '$and/$or/$nor must be a nonempty array')
  const before = context.near
  const nodes = operand.map((branch) => {
    if (!isDocument(branch)) return fail(2, '$or/$and/$nor entries need to be full objects')
    return compileDocument(branch, context, nested)
  })
  // A distance orders the whole result, so it cannot belong to one alternative.
  if (name !== '$and' && context.near !== before) fail(2, 'geo $near must be top-level expr')
  return nodes
}

function compileExpr(operand: unknown, { env }: MatchContext): Node {
  const scope = createScope({ now: env.now, let: env.let, collation: env.collation, random: env.random })
  const evaluate = compileFunction(operand, scope)
  return onDocument(RANK.expr, (doc) => isTruthy(evaluate(doc)))
}

function compileSampleRate(operand: unknown, { env }: MatchContext): Node {
  const rate = toDouble(operand)
  if (!isNumber(operand)) fail(2, `argument to $sampleRate must be a numeric type`)
  if (!(rate >= 0 && rate <= 1)) {
    fail(
      2,
      `numeric argument to $sampleRate must be in [0, 1], but was ${describeMember('$sampleRate', operand)}`,
    )
  }
  const random = env.random ?? Math.random
  return onDocument(RANK.always, () => random() < rate)
}
