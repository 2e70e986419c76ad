/**
 * Scripts of Lua 5.1 -> closures. One pass: statements are compiled while they are read, names are resolved to cells
 * at once.
 */
import type { Bytes } from '../bytes.ts'
import { toNumber } from './convert.ts'
import { ExpressionCompiler } from './expression-compiler.ts'
import {
  constant,
  type Expression,
  type FunctionBody,
  type Globals,
  loopNumber,
  member,
  valuesOf,
} from './expressions.ts'
import type { Frame } from './machine.ts'
import { call } from './operators.ts'
import { FunctionScope } from './scope.ts'
import { TokenStream } from './token-stream.ts'
import { isTruthy, type LuaValue } from './value.ts'

/** What a statement does to the flow: nothing, `break`, or `return` with values. */
type Flow = undefined | typeof breaks | readonly LuaValue[]
type Statement = (frame: Frame) => Flow

const breaks = Symbol('break')

export type CompiledScript = (machine: Frame['machine']) => readonly LuaValue[]

/**
 * @param globals what the script finds in its global scope
 * @throws LuaSyntaxError
 */
export function compile(source: Bytes, globals: Globals): CompiledScript {
  return new Compiler(new TokenStream(source), globals).script()
}

// internals

class Compiler {
  readonly #tokens: TokenStream
  readonly #expressions: ExpressionCompiler

  constructor(tokens: TokenStream, globals: Globals) {
    this.#tokens = tokens
    const scope = new FunctionScope(undefined, true)
    this.#expressions = new ExpressionCompiler(tokens, globals, scope, (withSelf) => this.#function(withSelf))
  }

  script(): CompiledScript {
    const run = this.#block()
    if (this.#tokens.current.kind !== 'end') throw this.#tokens.unexpected("'<eof>' expected")
    return (machine) => {
      const flow = run({ machine, cells: [], outer: [], varargs: [] })
      return Array.isArray(flow) ? flow : []
    }
  }

  // internals

  get #scope(): FunctionScope {
    return this.#expressions.scope
  }

  #block(): Statement {
    this.#scope.enter()
    const body = this.#statements()
    this.#scope.leave()
    return body
  }

  /** Up to the keyword that ends the block. */
  #statements(): Statement {
    const statements: Statement[] = []
    while (!this.#atEnd()) {
      if (this.#tokens.is('return') || this.#tokens.is('break')) {
        statements.push(this.#last())
        break
      }
      statements.push(this.#statement())
      this.#tokens.accept(';')
    }
    return sequence(statements)
  }

  #atEnd(): boolean {
    const tokens = this.#tokens
    if (tokens.current.kind === 'end') return true
    return ['end', 'else', 'elseif', 'until'].some((keyword) => tokens.is(keyword))
  }

  #last(): Statement {
    const tokens = this.#tokens
    if (tokens.accept('break')) {
      tokens.accept(';')
      return () => breaks
    }
    tokens.expect('return')
    const list = this.#atEnd() || tokens.is(';') ? [] : this.#expressions.list()
    tokens.accept(';')
    return (frame) => valuesOf(list, frame)
  }

  #statement(): Statement {
    const tokens = this.#tokens
    if (tokens.accept('if')) return this.#if()
    if (tokens.accept('while')) return this.#while()
    if (tokens.accept('for')) return this.#for()
    if (tokens.accept('repeat')) return this.#repeat()
    if (tokens.accept('function')) return this.#functionStatement()
    if (tokens.accept('local')) return tokens.accept('function') ? this.#localFunction() : this.#local()
    if (tokens.accept('do')) {
      const body = this.#block()
      tokens.expect('end')
      return body
    }
    return this.#assignmentOrCall()
  }

  #if(): Statement {
    const tokens = this.#tokens
    const clauses: { condition: Expression; body: Statement }[] = []
    let otherwise: Statement = () => undefined
    do {
      const condition = this.#expressions.expression()
      tokens.expect('then')
      clauses.push({ condition, body: this.#block() })
    } while (tokens.accept('elseif'))
    if (tokens.accept('else')) otherwise = this.#block()
    tokens.expect('end')
    return (frame) => {
      for (const { condition, body } of clauses) if (isTruthy(condition.value(frame))) return body(frame)
      return otherwise(frame)
    }
  }

  #while(): Statement {
    const condition = this.#expressions.expression()
    const body = this.#loopBody()
    return (frame) => {
      while (isTruthy(condition.value(frame))) {
        frame.machine.tick()
        const flow = body(frame)
        if (flow !== undefined) return flow === breaks ? undefined : flow
      }
      return undefined
    }
  }

  /** The condition sees the variables of the body. */
  #repeat(): Statement {
    this.#scope.enter()
    const body = this.#statements()
    this.#tokens.expect('until')
    const condition = this.#expressions.expression()
    this.#scope.leave()
    return (frame) => {
      for (;;) {
        frame.machine.tick()
        const flow = body(frame)
        if (flow !== undefined) return flow === breaks ? undefined : flow
        if (isTruthy(condition.value(frame))) return undefined
      }
    }
  }

  #for(): Statement {
    const tokens = this.#tokens
    const names = [tokens.name()]
    while (tokens.accept(',')) names.push(tokens.name())
    if (names.length === 1 && tokens.accept('=')) return this.#numericFor(names[0] as string)
    tokens.expect('in')
    return this.#genericFor(names)
  }

  #numericFor(name: string): Statement {
    const bounds = this.#expressions.list()
    this.#scope.enter()
    const slot = this.#scope.declare(name)
    const body = this.#loopBody()
    this.#scope.leave()
    return (frame) => {
      const [first, last, by = 1] = bounds.map((bound) => toNumber(bound.value(frame)))
      const start = loopNumber(first, 'initial value')
      const limit = loopNumber(last, 'limit')
      const step = loopNumber(bounds.length > 2 ? by : 1, 'step')
      for (let value = start; step > 0 ? value <= limit : value >= limit; value += step) {
        frame.machine.tick()
        frame.cells[slot] = { value }
        const flow = body(frame)
        if (flow !== undefined) return flow === breaks ? undefined : flow
      }
      return undefined
    }
  }

  #genericFor(names: readonly string[]): Statement {
    const { line } = this.#tokens.current
    const source = this.#expressions.list()
    this.#scope.enter()
    const slots = names.map((name) => this.#scope.declare(name))
    const body = this.#loopBody()
    this.#scope.leave()
    return (frame) => {
      const [iterator, state, initial] = valuesOf(source, frame)
      for (let control = initial; ; ) {
        frame.machine.tick()
        frame.machine.line = line
        const values = call(iterator, [state, control])
        control = values[0]
        if (control === undefined) return undefined
        for (const [at, slot] of slots.entries()) frame.cells[slot] = { value: values[at] }
        const flow = body(frame)
        if (flow !== undefined) return flow === breaks ? undefined : flow
      }
    }
  }

  #loopBody(): Statement {
    this.#tokens.expect('do')
    const body = this.#block()
    this.#tokens.expect('end')
    return body
  }

  #local(): Statement {
    const tokens = this.#tokens
    const names = [tokens.name()]
    while (tokens.accept(',')) names.push(tokens.name())
    // The new variables are not yet there in what they are set to.
    const list = tokens.accept('=') ? this.#expressions.list() : []
    const slots = names.map((name) => this.#scope.declare(name))
    return (frame) => {
      const values = valuesOf(list, frame)
      for (const [at, slot] of slots.entries()) frame.cells[slot] = { value: values[at] }
      return undefined
    }
  }

  #localFunction(): Statement {
    const slot = this.#scope.declare(this.#tokens.name())
    const made = this.#expressions.functionExpression()
    return (frame) => {
      const cell: { value: LuaValue } = { value: undefined }
      frame.cells[slot] = cell
      cell.value = made.value(frame)
      return undefined
    }
  }

  /** `function a.b:c() … end`. */
  #functionStatement(): Statement {
    const tokens = this.#tokens
    const { line } = tokens.current
    let target = this.#expressions.variable(tokens.name())
    let withSelf = false
    while (!withSelf && (tokens.is('.') || tokens.is(':'))) {
      withSelf = tokens.take().text === ':'
      const name = tokens.name()
      target = member(target, constant(name), line, name)
    }
    const made = this.#expressions.functionExpression(withSelf)
    return (frame) => {
      target.place?.(frame)(made.value(frame))
      return undefined
    }
  }

  #assignmentOrCall(): Statement {
    const tokens = this.#tokens
    const first = this.#expressions.suffixed()
    if (!tokens.is('=') && !tokens.is(',')) {
      const { values, place } = first
      if (!values || place) throw tokens.unexpected()
      return (frame) => {
        values(frame)
        return undefined
      }
    }
    const targets = [first]
    while (tokens.accept(',')) targets.push(this.#expressions.suffixed())
    if (targets.some(({ place }) => !place)) throw tokens.unexpected()
    tokens.expect('=')
    const list = this.#expressions.list()
    return (frame) => {
      const places = targets.map(({ place }) => place?.(frame))
      const values = valuesOf(list, frame)
      for (const [at, set] of places.entries()) set?.(values[at])
      return undefined
    }
  }

  /** From the parameter list to `end`. */
  #function(withSelf: boolean): FunctionBody {
    const tokens = this.#tokens
    tokens.expect('(')
    const names = withSelf ? ['self'] : []
    let hasVarargs = false
    while (!tokens.is(')') && !hasVarargs) {
      hasVarargs = tokens.accept('...')
      if (!hasVarargs) names.push(tokens.name())
      if (!tokens.accept(',')) break
    }
    tokens.expect(')')
    const around = this.#scope
    const scope = new FunctionScope(around, hasVarargs)
    this.#expressions.scope = scope
    const parameters = names.map((name) => scope.declare(name))
    const body = this.#block()
    tokens.expect('end')
    this.#expressions.scope = around
    const run = (frame: Frame): readonly LuaValue[] | undefined => {
      const flow = body(frame)
      return Array.isArray(flow) ? flow : undefined
    }
    return { captures: scope.captures, parameters, hasVarargs, run }
  }
}

function sequence(statements: readonly Statement[]): Statement {
  const [only] = statements
  if (only && statements.length === 1) return only
  return (frame) => {
    for (const statement of statements) {
      const flow = statement(frame)
      if (flow !== undefined) return flow
    }
    return undefined
  }
}
