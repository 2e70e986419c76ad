/** Turns one source file of the user into CommonJS code, from the cache whenever it can. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type * as Esbuild from 'esbuild'
import {
  finishTransform,
  mayNeedTransform,
  planTransform,
  TransformCache,
  type Transformed,
  withoutMark,
} from '../../source-transform.ts'
import { fromEsbuild } from './load-error.ts'
import type { ModuleHooks } from './module-hooks.ts'

export interface CompiledSource {
  /** As in the file, for code frames. */
  text: string
  code: string
  /** Uses what `addModuleSyntaxSupport` provides. */
  transformed: boolean
}

export class Compiler {
  readonly #cache: TransformCache
  readonly #hooks: ModuleHooks
  readonly #debugged: boolean
  #rest: NodeJS.Timeout | undefined

  /**
   * @param options.cacheDir shared with the host, which fills it ahead
   * @param options.debugged a debugger sets its breakpoints by the map in the code; nobody else needs one there
   */
  constructor(options: { cacheDir: string; debugged: boolean }, hooks: ModuleHooks) {
    this.#cache = new TransformCache(options.cacheDir)
    this.#debugged = options.debugged
    this.#hooks = hooks
  }

  /**
   * @throws SyntaxError with `place` and `frame` when esbuild cannot read the file; errors in plain JavaScript are
   * left for V8 to find
   */
  compile(file: string): CompiledSource {
    const text = withoutMark(readFileSync(file, 'utf8'))
    if (!mayNeedTransform(file, text)) return { text, code: text, transformed: false }
    const key = this.#cache.key(file, text)
    const stored = this.#cache.read(key)
    const fresh = stored === undefined ? this.#transform(file, text) : undefined
    if (fresh) this.#cache.write(key, fresh)
    const code = (stored ?? fresh)?.code
    if (code === undefined) return { text, code: text, transformed: false }
    const readMap = () => fresh?.map ?? this.#cache.readMap(key)
    this.#hooks.stacks.add(file, readMap)
    const shown = this.#debugged ? code + inlineMap(file, text, readMap()) : code
    return { text, code: shown, transformed: true }
  }

  // internals

  #transform(file: string, text: string): Transformed {
    // Our own packages must not land in the require cache of the instance that happens to be loading.
    return this.#hooks.outside(() => {
      const plan = planTransform(file, text)
      if (plan.step === 'keep') return {}
      if (plan.step === 'use') return { code: plan.code }
      const esbuild = createRequire(import.meta.url)('esbuild') as typeof Esbuild
      clearTimeout(this.#rest)
      this.#rest = setTimeout(() => void esbuild.stop(), restMs).unref()
      try {
        const { code, map } = esbuild.transformSync(text, plan.options)
        return { code: finishTransform(code), map }
      } catch (error) {
        throw fromEsbuild(file, text, error)
      }
    })
  }
}

// internals

/** For synchronous calls esbuild keeps a thread and a process, 30 MB; they end this long after the last, in milliseconds. */
const restMs = 1000

function inlineMap(file: string, text: string, json: string | undefined): string {
  if (json === undefined) return ''
  const map = { ...JSON.parse(json), sources: [pathToFileURL(file).href], sourcesContent: [text] }
  const data = Buffer.from(JSON.stringify(map)).toString('base64')
  return `\n//# sourceMappingURL=data:application/json;base64,${data}\n`
}
