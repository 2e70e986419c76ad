/** Expressions of Lua 5.1: source -> closures. */
import {
  and,
  binary,
  constant,
  type Expression,
  type Field,
  type FunctionBody,
  functionValue,
  type Globals,
  invocation,
  member,
  methodInvocation,
  or,
  tableConstructor,
  unary,
  varargs,
  variable,
} from './expressions.ts'
import { binaryOperator, lengthOf, negate } from './operators.ts'
import type { FunctionScope } from './scope.ts'
import type { TokenStream } from './token-stream.ts'
import { isTruthy } from './value.ts'

/** Left and right binding power; right smaller than left = right associative. */
const priorities: Readonly<Record<string, [left: number, right: number]>> = {
  or: [1, 1],
  and: [2, 2],
  '<': [3, 3],
  '>': [3, 3],
  '<=': [3, 3],
  '>=': [3, 3],
  '~=': [3, 3],
  '==': [3, 3],
  '..': [5, 4],
  '+': [6, 6],
  '-': [6, 6],
  '*': [7, 7],
  '/': [7, 7],
  '%': [7, 7],
  '^': [10, 9],
}

const unaryPriority = 8

export class ExpressionCompiler {
  readonly #tokens: TokenStream
  readonly #globals: Globals
  readonly #body: (withSelf: boolean) => FunctionBody
  /** The function that is being compiled. */
  scope: FunctionScope

  /** @param body compiles a function from its parameter list on; knows statements */
  constructor(
    tokens: TokenStream,
    globals: Globals,
    scope: FunctionScope,
    body: (withSelf: boolean) => FunctionBody,
  ) {
    this.#tokens = tokens
    this.#globals = globals
    this.scope = scope
    this.#body = body
  }

  list(): Expression[] {
    const list = [this.expression()]
    while (this.#tokens.accept(',')) list.push(this.expression())
    return list
  }

  expression(limit = 0): Expression {
    let left = this.#operand()
    for (;;) {
      const { text: operator, line } = this.#tokens.current
      const priority = this.#tokens.current.kind === 'string' ? undefined : priorities[operator]
      if (!priority || !this.#tokens.is(operator) || priority[0] <= limit) return left
      this.#tokens.take()
      const right = this.expression(priority[1])
      if (operator === 'and') left = and(left, right)
      else if (operator === 'or') left = or(left, right)
      else left = binary(binaryOperator(operator), left, right, line)
    }
  }

  /** A variable, member or call: what a statement may begin with. */
  suffixed(): Expression {
    const tokens = this.#tokens
    let expression = this.#primary()
    for (;;) {
      const { kind, line } = tokens.current
      if (tokens.accept('.')) {
        const name = tokens.name()
        expression = member(expression, constant(name), line, name)
      } else if (tokens.accept('[')) {
        expression = member(expression, this.expression(), line)
        tokens.expect(']')
      } else if (tokens.accept(':')) {
        const method = tokens.name()
        expression = methodInvocation(expression, method, this.#arguments(), line, () =>
          this.#globals.get('string'),
        )
      } else if (tokens.is('(') || tokens.is('{') || kind === 'string') {
        expression = invocation(expression, this.#arguments(), line)
      } else return expression
    }
  }

  variable(name: string): Expression {
    return variable(this.scope.find(name), name, this.#globals)
  }

  functionExpression(withSelf = false): Expression {
    return functionValue(this.#body(withSelf))
  }

  // internals

  #operand(): Expression {
    const tokens = this.#tokens
    const { line } = tokens.current
    if (tokens.accept('not')) return unary((value) => !isTruthy(value), this.expression(unaryPriority), line)
    if (tokens.accept('-')) return unary(negate, this.expression(unaryPriority), line)
    if (tokens.accept('#')) return unary(lengthOf, this.expression(unaryPriority), line)
    return this.#simple()
  }

  #simple(): Expression {
    const tokens = this.#tokens
    const { kind, text, value } = tokens.current
    if (kind === 'number' || kind === 'string') {
      tokens.take()
      return constant(kind === 'number' ? value : text)
    }
    if (tokens.accept('nil')) return constant(undefined)
    if (tokens.accept('true')) return constant(true)
    if (tokens.accept('false')) return constant(false)
    if (tokens.accept('function')) return this.functionExpression()
    if (tokens.is('{')) return this.#table()
    if (tokens.is('...')) {
      if (!this.scope.hasVarargs) throw tokens.unexpected("cannot use '...' outside a vararg function")
      tokens.take()
      return varargs()
    }
    return this.suffixed()
  }

  #primary(): Expression {
    const tokens = this.#tokens
    if (tokens.accept('(')) {
      const inner = this.expression()
      tokens.expect(')')
      // Parentheses make one value of many, and nothing to assign to.
      return { value: (frame) => inner.value(frame) }
    }
    if (tokens.current.kind !== 'name') throw tokens.unexpected()
    return this.variable(tokens.name())
  }

  #arguments(): Expression[] {
    const tokens = this.#tokens
    if (tokens.current.kind === 'string') return [constant(tokens.take().text)]
    if (tokens.is('{')) return [this.#table()]
    tokens.expect('(')
    if (tokens.accept(')')) return []
    const list = this.list()
    tokens.expect(')')
    return list
  }

  #table(): Expression {
    const tokens = this.#tokens
    tokens.expect('{')
    const fields: Field[] = []
    while (!tokens.is('}')) {
      fields.push(this.#field())
      if (!tokens.accept(',') && !tokens.accept(';')) break
    }
    tokens.expect('}')
    return tableConstructor(fields)
  }

  #field(): Field {
    const tokens = this.#tokens
    if (tokens.accept('[')) {
      const key = this.expression()
      tokens.expect(']')
      tokens.expect('=')
      return { key, value: this.expression() }
    }
    if (tokens.current.kind === 'name' && tokens.nextIs('=')) {
      const key = constant(tokens.name())
      tokens.expect('=')
      return { key, value: this.expression() }
    }
    return { value: this.expression() }
  }
}
