/**
 * Run parameters: what `unicloud-local run NAME` hands to a function when the command line says nothing. A function
 * has `<name>.param.json`, an object `<name>.param.js`; the latter is read as a syntax tree and never executed
 * (spec/runtime.md §1.6).
 */
import { readFileSync } from 'node:fs'
import type { Expression, Literal, ObjectExpression, Program, SpreadElement } from 'acorn'
import { LocalError } from '../errors.ts'
import type { CallSource, ClientInfo, Invocation } from '../invocation.ts'
import { isObject } from './field-report.ts'
import { JsonSource } from './json-source.ts'
import type { FunctionEntry } from './manifest.ts'

/** The part of an invocation that a parameter file decides. */
export type RunParameters = Pick<
  Invocation,
  'payload' | 'source' | 'clientInfo' | 'clientIP' | 'userAgent' | 'uniIdToken'
>

/**
 * Reads the parameter file of a function or object.
 * @returns undefined when there is none
 * @throws LocalError FUNCTION_INVALID with file, line and column
 */
export async function readRunParameters(entry: FunctionEntry): Promise<RunParameters | undefined> {
  const file = entry.paramFile
  if (file === undefined) return undefined
  if (file.endsWith('.js')) return readScript(file)
  return readJson(file, entry)
}

// internals

const sources: readonly CallSource[] = ['client', 'http', 'timing', 'function', 'server', 'websocket']

function readJson(file: string, entry: FunctionEntry): RunParameters {
  const source = JsonSource.read(file)
  const parsed = source.parse(true)
  if ('fault' in parsed)
    throw new LocalError('FUNCTION_INVALID', parsed.fault.message, { where: parsed.fault.where })
  const event = parsed.value ?? {}
  if (!isObject(event)) return { payload: { type: 'event', event }, ...defaults() }
  const { clientInfo, ...rest } = event
  const told = readClientInfo(isObject(clientInfo) ? clientInfo : {})
  if (typeof rest.uniIdToken === 'string') told.uniIdToken = rest.uniIdToken
  if (entry.kind === 'cloudfunction') return { payload: { type: 'event', event: rest }, ...told }
  if (typeof rest.method !== 'string')
    throw new LocalError('FUNCTION_INVALID', `no method call in ${file}`, {
      where: { file },
      hint: 'write {"method": "login", "params": ["a"]}, or a .param.js file with the call login(\'a\')',
    })
  const params = Array.isArray(rest.params) ? rest.params : []
  return { payload: { type: 'method', method: rest.method, params }, ...told }
}

async function readScript(file: string): Promise<RunParameters> {
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  const script = new ParamScript(file, await parseScript(file, text), new JsonSource(file, text))
  const clientInfo = script.clientInfo()
  const { method, params } = script.call()
  return { payload: { type: 'method', method, params }, ...readClientInfo(clientInfo) }
}

async function parseScript(file: string, text: string): Promise<Program> {
  const { parse } = await import('acorn')
  try {
    return parse(text, { ecmaVersion: 'latest', sourceType: 'module', locations: true })
  } catch (error) {
    const { loc, message } = error as SyntaxError & { loc?: { line: number; column: number } }
    const where = loc ? { file, line: loc.line, column: loc.column + 1 } : { file }
    throw new LocalError('FUNCTION_INVALID', message.replace(/ \(\d+:\d+\)$/, ''), { where, cause: error })
  }
}

/** The two things a `.param.js` file says: `const clientInfo = {…}` and one call. */
class ParamScript {
  readonly #file: string
  readonly #program: Program
  readonly #source: JsonSource

  constructor(file: string, program: Program, source: JsonSource) {
    this.#file = file
    this.#program = program
    this.#source = source
  }

  clientInfo(): Record<string, unknown> {
    for (const statement of this.#program.body) {
      if (statement.type !== 'VariableDeclaration') continue
      for (const { id, init } of statement.declarations) {
        if (id.type !== 'Identifier' || id.name !== 'clientInfo') continue
        if (init?.type !== 'ObjectExpression')
          throw this.#fault(init ?? id, 'clientInfo must be a literal object')
        return this.#object(init)
      }
    }
    return {}
  }

  /** The first call; further ones do not count. */
  call(): { method: string; params: unknown[] } {
    for (const statement of this.#program.body) {
      if (statement.type !== 'ExpressionStatement') continue
      const { expression } = statement
      const call = expression.type === 'AwaitExpression' ? expression.argument : expression
      if (call.type !== 'CallExpression') continue
      if (call.callee.type !== 'Identifier')
        throw this.#fault(call.callee, 'call the method by its bare name, such as login(…)')
      return { method: call.callee.name, params: call.arguments.map((argument) => this.#value(argument)) }
    }
    throw new LocalError('FUNCTION_INVALID', `no method call in ${this.#file}`, {
      where: { file: this.#file },
      hint: "write the call to run as plain JavaScript, such as login('a', 'b')",
    })
  }

  #value(node: Expression | SpreadElement): unknown {
    switch (node.type) {
      case 'Literal':
        return this.#literal(node)
      case 'ArrayExpression':
        return node.elements.map((element) => (element === null ? null : this.#value(element)))
      case 'ObjectExpression':
        return this.#object(node)
      case 'TemplateLiteral':
        if (node.expressions.length === 0) return node.quasis[0]?.value.cooked ?? ''
        break
      case 'UnaryExpression': {
        const operand =
          node.operator === '-' || node.operator === '+' ? this.#value(node.argument) : undefined
        if (typeof operand === 'number') return node.operator === '-' ? -operand : operand
        break
      }
      case 'Identifier':
        if (node.name === 'undefined') return undefined
        throw this.#fault(
          node,
          `${node.name} is a variable; the file is not executed, so only literal values count`,
        )
    }
    throw this.#fault(node, 'only literal values count: the file is not executed')
  }

  #literal(node: Literal): unknown {
    if (node.regex !== undefined || (node.bigint !== undefined && node.bigint !== null))
      throw this.#fault(node, 'a value must be one that JSON can carry')
    return node.value
  }

  #object(node: ObjectExpression): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    for (const member of node.properties) {
      if (member.type !== 'Property' || member.computed || member.kind !== 'init' || member.method)
        throw this.#fault(member, 'only plain members count: the file is not executed')
      const key =
        member.key.type === 'Identifier' ? member.key.name : String(this.#value(member.key as Expression))
      Object.defineProperty(result, key, {
        value: this.#value(member.value),
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
    return result
  }

  #fault(node: { start: number }, message: string): LocalError {
    return new LocalError('FUNCTION_INVALID', message, { where: this.#source.placeAt(node.start) })
  }
}

function defaults(): Omit<RunParameters, 'payload'> {
  return { source: 'client', clientIP: '127.0.0.1', userAgent: 'HBuilderX' }
}

/** What `clientInfo` says of the call itself is taken out of it; old projects write these keys in upper case. */
function readClientInfo(clientInfo: ClientInfo): Omit<RunParameters, 'payload'> {
  const { source, SOURCE, clientIP, CLIENTIP, ua, userAgent, CLIENTUA, uniIdToken, ...rest } = clientInfo
  const text = (...values: unknown[]): string | undefined =>
    values.find((value): value is string => typeof value === 'string' && value !== '')
  const result: Omit<RunParameters, 'payload'> = { ...defaults(), clientInfo: rest }
  const named = text(source, SOURCE)
  result.source = sources.find((known) => known === named) ?? result.source
  result.clientIP = text(clientIP, CLIENTIP) ?? '127.0.0.1'
  result.userAgent = text(userAgent, ua, CLIENTUA) ?? 'HBuilderX'
  const token = text(uniIdToken)
  if (token !== undefined) result.uniIdToken = token
  return result
}
