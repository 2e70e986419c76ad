/** `MODULE_NOT_FOUND` with Node's code and text, and a line more that says how to mend it. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Owner } from './owners.ts'
import type { PublicModules } from './public-modules.ts'

export type MissingModule = Error & { code?: unknown; requireStack?: string[]; hint?: string }

/** Whether an error is Node's complaint about exactly this request. */
export function isMissing(error: unknown): error is MissingModule {
  return error instanceof Error && (error as MissingModule).code === 'MODULE_NOT_FOUND'
}

/**
 * @param asked the request in Node's message, which may be a path the loader made of it
 * @param request what the user's code says
 * @param hint how to mend it
 */
export function explainMissing(
  error: MissingModule,
  asked: string,
  request: string,
  hint?: string,
): MissingModule {
  error.message = error.message.replace(`'${asked}'`, `'${request}'`)
  if (hint !== undefined) {
    error.message += `\n${hint}`
    Object.defineProperty(error, 'hint', { value: hint, enumerable: false })
  }
  // Code that probes for optional modules sees the message; whoever prints the error sees the stack.
  error.stack = (error.stack ?? '').replace(/^[\s\S]*?(?=\n {4}at |$)/, () => `Error: ${error.message}`)
  return error
}

/** For `require('name')` or `require('name/sub')`. */
export function packageHint(name: string, from: Owner | undefined, modules: PublicModules): string {
  const owner = from ?? modules.function
  const shown = path.relative(process.cwd(), owner.declaredIn)
  const folder = shown === '' || shown.startsWith('..') ? owner.declaredIn : shown
  const file = path.join(folder, 'package.json')
  const spec = owner.dependencies[name]
  if (spec !== undefined && /^(?:file|link):/.test(spec))
    return `${file} declares ${name} as ${spec}, but that folder does not exist and no public module has that name`
  if (spec !== undefined) return `${name} is declared but not installed: cd ${folder} && npm install`
  const present = modules.byName(name)
  if (present) {
    const relative = path.relative(owner.declaredIn, present.declaredIn).replaceAll(path.sep, '/')
    return `${name} is a public module of the project, but not declared: add "${name}": "file:${relative}" to the dependencies of ${file}`
  }
  return `${name} is neither a public module nor an installed npm package: cd ${folder} && npm install ${name}`
}

/** For `require('./name')`: the usual slip that macOS and Windows forgive and the cloud does not. */
export function caseHint(target: string): string | undefined {
  const wanted = path.basename(target).toLowerCase()
  try {
    const near = readdirSync(path.dirname(target)).find((name) => {
      const lower = name.toLowerCase()
      return lower === wanted || path.parse(lower).name === wanted
    })
    if (near === undefined || near === path.basename(target)) return undefined
    return `there is ${near}: upper and lower case must match`
  } catch {
    return undefined
  }
}
