/**
 * Run parameters: what `unicloud-local run NAME` hands to a function when the command line says nothing. A function
 * has `<name>.param.json`, an object `<name>.param.js`; the latter is read as a syntax tree and never executed
 * (spec/runtime.md §1.6).
 */
import type { Expression, Literal, ObjectExpression, Program, SpreadElement } from 'acorn'
import { LocalError } from '../../errors/errors.ts'
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
 * @param method the method that will be called whatever the file says; then the file need not hold a call
 * @returns undefined when there is none
 * @throws LocalError FUNCTION_INVALID with file, line and column
 */
export async function readRunParameters(
  entry: FunctionEntry,
  method?: string,
): Promise<RunParameters | undefined> {
  const file = entry.paramFile
  if (file === undefined) return undefined
  const { event, call, ...context } = file.endsWith('.js') ? await readScript(file) : readJson(file, entry)
  if (entry.kind === 'cloudfunction') return { ...context, payload: { type: 'event', event } }
  if (call) return { ...context, payload: { type: 'method', ...call } }
  if (method !== undefined) return { ...context, payload: { type: 'method', method, params: [] } }
  throw new LocalError('FUNCTION_INVALID', `no method call in ${file}`, {
    where: { file },
    hint: file.endsWith('.js')
      ? "write the call to run as plain JavaScript, such as login('a', 'b')"
      : 'write {"method": "login", "params": ["a", "b"]}',
  })
}

// internals

const sources: readonly CallSource[] = ['client', 'http', 'timing', 'function', 'server', 'websocket']

interface MethodCall {
  method: string
  params: unknown[]
}

type CallContext = Omit<RunParameters, 'payload'>

/** A file, read: a function takes the event, an object the call. */
type Read = CallContext & { event?: unknown; call?: MethodCall | undefined }

function readJson(file: string, entry: FunctionEntry): Read {
  const parsed = JsonSource.read(file).parse(true)
  if ('fault' in parsed)
    throw new LocalError('FUNCTION_INVALID', parsed.fault.message, { where: parsed.fault.where })
  const event = parsed.value ?? {}
  if (!isObject(event)) return { ...readClientInfo({}), event }
  const { clientInfo, ...rest } = event
  const context = readClientInfo(isObject(clientInfo) ? clientInfo : {})
  if (typeof rest.uniIdToken === 'string') context.uniIdToken = rest.uniIdToken
  if (entry.kind === 'cloudfunction' || typeof rest.method !== 'string') return { ...context, event: rest }
  const params = Array.isArray(rest.params) ? rest.params : []
  return { ...context, call: { method: rest.method, params } }
}

async function readScript(file: string): Promise<Read> {
  const source = JsonSource.read(file)
  if (source.unreadable !== undefined)
    throw new LocalError('FUNCTION_INVALID', source.unreadable, { where: { file } })
  const script = new ParamScript(await parseScript(file, source.text), source)
  return { ...readClientInfo(script.clientInfo()), call: script.call() }
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
  readonly #program: Program
  readonly #source: JsonSource

  constructor(program: Program, source: JsonSource) {
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
  call(): MethodCall | undefined {
    for (const statement of this.#program.body) {
      if (statement.type !== 'ExpressionStatement') continue
      const { expression } = statement
      const call = expression.type === 'AwaitExpression' ? expression.argument : expression
      if (call.type !== 'CallExpression') continue
      if (call.callee.type !== 'Identifier')
        throw this.#fault(call.callee, 'call the method by its bare name, such as login(…)')
      return { method: call.callee.name, params: call.arguments.map((argument) => this.#value(argument)) }
    }
    return undefined
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

/** What `clientInfo` says of the call itself is taken out of it; old projects write these keys in upper case. */
function readClientInfo(told: ClientInfo): CallContext {
  const { source, SOURCE, clientIP, CLIENTIP, ua, userAgent, CLIENTUA, uniIdToken, ...clientInfo } = told
  const named = text(source, SOURCE)
  const token = text(uniIdToken)
  return {
    clientInfo,
    source: sources.find((known) => known === named) ?? 'client',
    clientIP: text(clientIP, CLIENTIP) ?? '127.0.0.1',
    userAgent: text(userAgent, ua, CLIENTUA) ?? 'HBuilderX',
    ...(token === undefined ? {} : { uniIdToken: token }),
  }
}

function text(...values: unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '')
}
