import vm from 'node:vm'
import { fail } from '../errors.ts'
import { deepClone } from '../values/clone.ts'
import { isTruthy } from '../values/truth.ts'
import { type Doc, isBson } from '../values/types.ts'

/**
 * `$where`, run in a context of its own with the document as `this` and `obj`.
 * @param allowed whether JavaScript is switched on; it is off by default (spec/embedded-database.md §13)
 * @throws code 2 when it is off or the argument is no code, 139 for code that does not parse or throws
 */
export function compileWhere(operand: unknown, allowed: boolean): (doc: Doc) => boolean {
  const code = codeOf(operand)
  if (!allowed) {
    fail(
      2,
      '$where needs JavaScript in the database, which is switched off here; express the condition with $expr, or use a MongoDB server',
    )
  }
  const run = compileCode(code)
  return (doc) => isTruthy(run(deepClone(doc)))
}

// internals

/** Milliseconds for one document; a loop without end must not stop the engine. */
const TIME_LIMIT = 1000

function codeOf(operand: unknown): string {
  if (typeof operand === 'string') return operand
  if (typeof operand === 'function') return String(operand)
  if (isBson(operand, 'Code')) return String((operand as { code: unknown }).code)
  return fail(2, '$where got bad type')
}

function compileCode(code: string): (doc: Doc) => unknown {
  const body = code.trim().replace(/;$/, '')
  const context = vm.createContext(Object.create(null))
  const script = parse(
    /^(?:async\s+)?function\b|^\(?[\w\s,]*\)?\s*=>/.test(body) ? `(${body}).call(obj)` : '',
  )
  const runner = script ?? parse(`(function () { return ${body}\n}).call(obj)`) ?? parseOrFail(body)
  return (doc) => {
    context.obj = doc
    try {
      return runner.runInContext(context, { timeout: TIME_LIMIT })
    } catch (error) {
      return fail(139, `${String(error)} :: in $where`, { cause: error })
    }
  }
}

function parse(code: string): vm.Script | undefined {
  if (code === '') return undefined
  try {
    return new vm.Script(code)
  } catch {
    return undefined // not of this form: the next one is tried
  }
}

function parseOrFail(body: string): vm.Script {
  try {
    return new vm.Script(`(function () { ${body}\n}).call(obj)`)
  } catch (error) {
    return fail(139, String(error), { cause: error })
  }
}
