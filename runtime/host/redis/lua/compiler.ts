/**
 * Scripts of Lua 5.1 -> closures. One pass: statements are compiled while they are read, names are resolved to cells
 * at once.
 */
import type { Bytes } from '../bytes.ts'
import { ExpressionCompiler } from './expression-compiler.ts'
import { constant, type FunctionBody, type Globals, member } from './expressions.ts'
import type { Frame } from './machine.ts'
import { FunctionScope } from './scope.ts'
import {
  assign,
  breakLoop,
  type Clause,
  callOnly,
  choose,
  declareFunction,
  declareLocals,
  genericFor,
  numericFor,
  repeatLoop,
  returnValues,
  run,
  type Statement,
  sequence,
  whileLoop,
} from './statements.ts'
import { TokenStream } from './token-stream.ts'
import type { LuaValue } from './value.ts'

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
    const body = this.#block()
    if (this.#tokens.current.kind !== 'end') throw this.#tokens.unexpected("'<eof>' expected")
    return (machine) => run(body, { machine, cells: [], outer: [], varargs: [] }) ?? []
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
      return breakLoop
    }
    tokens.expect('return')
    const list = this.#atEnd() || tokens.is(';') ? [] : this.#expressions.list()
    tokens.accept(';')
    return returnValues(list)
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
    const clauses: Clause[] = []
    do {
      const condition = this.#expressions.expression()
      tokens.expect('then')
      clauses.push({ condition, body: this.#block() })
    } while (tokens.accept('elseif'))
    const otherwise = tokens.accept('else') ? this.#block() : undefined
    tokens.expect('end')
    return choose(clauses, otherwise)
  }

  #while(): Statement {
    const condition = this.#expressions.expression()
    const body = this.#loopBody()
    return whileLoop(condition, body)
  }

  /** The condition sees the variables of the body. */
  #repeat(): Statement {
    this.#scope.enter()
    const body = this.#statements()
    this.#tokens.expect('until')
    const condition = this.#expressions.expression()
    this.#scope.leave()
    return repeatLoop(body, condition)
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
    return numericFor(slot, bounds, body)
  }

  #genericFor(names: readonly string[]): Statement {
    const { line } = this.#tokens.current
    const source = this.#expressions.list()
    this.#scope.enter()
    const slots = names.map((name) => this.#scope.declare(name))
    const body = this.#loopBody()
    this.#scope.leave()
    return genericFor(slots, source, body, line)
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
    return declareLocals(slots, list)
  }

  #localFunction(): Statement {
    const slot = this.#scope.declare(this.#tokens.name())
    const made = this.#expressions.functionExpression()
    return declareFunction(slot, made)
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
    return assign([target], [made])
  }

  #assignmentOrCall(): Statement {
    const tokens = this.#tokens
    const first = this.#expressions.suffixed()
    if (!tokens.is('=') && !tokens.is(',')) {
      const { values, place } = first
      if (!values || place) throw tokens.unexpected()
      return callOnly(values)
    }
    const targets = [first]
    while (tokens.accept(',')) targets.push(this.#expressions.suffixed())
    if (targets.some(({ place }) => !place)) throw tokens.unexpected()
    tokens.expect('=')
    const list = this.#expressions.list()
    return assign(targets, list)
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
    return { captures: scope.captures, parameters, hasVarargs, run: (frame) => run(body, frame) }
  }
}
