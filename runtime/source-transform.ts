/**
 * How a source file of the user becomes CommonJS: which files need it, with which settings, and where the result is
 * kept. Host (ahead of time, asynchronously) and guest (at load, synchronously) follow the same steps and share the
 * cache, so that an instance normally finds everything done (shared design, decision 2).
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type * as Lexer from 'es-module-lexer/minimal'
import type { TransformOptions } from 'esbuild'
import { builtFile } from './package-info.ts'

/** What a file needs: nothing, a finished text, or esbuild and then `finishTransform`. */
export type TransformPlan =
  | { step: 'keep' }
  | { step: 'use'; code: string }
  | { step: 'convert'; options: TransformOptions }

/** `code` is undefined when the file is CommonJS as it stands; `map` is absent when lines stayed where they were. */
export interface Transformed {
  code?: string
  map?: string
}

/** Text of a source file without a byte order mark, which Node drops too. */
export function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** A cheap look: false means that the file is plain CommonJS for certain. */
export function mayNeedTransform(file: string, text: string): boolean {
  return typeScript.test(file) || (javaScript.test(file) && moduleWords.test(text))
}

/** A closer look at a file `mayNeedTransform` could not rule out. */
export function planTransform(file: string, text: string): TransformPlan {
  const options = transformOptions(file)
  if (typeScript.test(file)) return { step: 'convert', options }
  const syntax = moduleSyntax(text)
  // Code that the lexer cannot follow has an error, or is more than it knows; esbuild finds out and says where.
  if (syntax === undefined || syntax.module) return { step: 'convert', options }
  if (syntax.dynamicImports.length === 0) return { step: 'keep' }
  return { step: 'use', code: rewriteDynamicImports(text, syntax.dynamicImports) }
}

/** Last step after esbuild: `import()` goes through the loader. */
export function finishTransform(code: string): string {
  if (!code.includes('import(')) return code
  return rewriteDynamicImports(code, moduleSyntax(code)?.dynamicImports ?? [])
}

/** Transformed files, named by content and settings. Entries never change, so nothing needs locking. */
export class TransformCache {
  readonly #dir: string
  /** What ships with us was transformed when we were built (scripts/build.js). */
  readonly #shipped = builtFile('transforms')
  #ready = false

  constructor(dir: string) {
    this.#dir = dir
  }

  key(file: string, text: string): string {
    const kind = typeScript.test(file) ? 'ts' : 'js'
    return createHash('sha1').update(`${settingsVersion} ${kind}\n`).update(text).digest('hex')
  }

  read(key: string): { code?: string } | undefined {
    const stored = this.#read(`${key}.js`)
    if (stored === undefined) return undefined
    return stored.startsWith(kept) ? {} : { code: stored.slice(changed.length) }
  }

  /** The source map of an entry that has one; a map is wanted only when an error is shown. */
  readMap(key: string): string | undefined {
    return this.#read(`${key}.map`)
  }

  /** A cache that cannot be written costs time, not correctness. */
  write(key: string, result: Transformed): void {
    try {
      if (!this.#ready) mkdirSync(this.#dir, { recursive: true })
      this.#ready = true
      if (result.map !== undefined) replaceFile(this.#mapFile(key), result.map)
      replaceFile(this.#file(key), result.code === undefined ? kept : changed + result.code)
    } catch {
      this.#ready = false
    }
  }

  /** Removes the oldest entries beyond a number; instances that still want one make it again. */
  async prune(keep: number): Promise<void> {
    const names = await readdir(this.#dir).catch(() => [])
    const keys = names.filter((name) => name.endsWith('.js'))
    if (keys.length <= keep) return
    const dated = await Promise.all(
      keys.map(async (name) => {
        const time = await stat(path.join(this.#dir, name)).catch(() => undefined)
        return { key: name.slice(0, -3), time: time?.mtimeMs ?? 0 }
      }),
    )
    const old = dated.sort((a, b) => b.time - a.time).slice(keep)
    const files = old.flatMap(({ key }) => [this.#file(key), this.#mapFile(key)])
    await Promise.all(files.map((file) => rm(file, { force: true })))
  }

  #read(name: string): string | undefined {
    for (const dir of [this.#dir, this.#shipped]) {
      try {
        return readFileSync(path.join(dir, name), 'utf8')
      } catch {
        // Not in this one.
      }
    }
    return undefined
  }

  #file(key: string): string {
    return path.join(this.#dir, `${key}.js`)
  }

  #mapFile(key: string): string {
    return path.join(this.#dir, `${key}.map`)
  }
}

// internals

/** Part of every key: to be raised when the steps or settings change. */
const settingsVersion = 1
/** First character of a cache entry. */
const kept = '='
const changed = '+'

const typeScript = /\.[cm]?ts$/
const javaScript = /\.[cm]?js$/

/** Words that may be module syntax; also found in comments, which the lexer then tells apart. */
const moduleWords =
  /\bimport\s*(?:[\w$"'{*(]|\.\s*meta\b)|\bexport\s*(?:[{*]|(?:default|async|function|class|const|let|var)\b)/

function transformOptions(file: string): TransformOptions {
  return {
    loader: typeScript.test(file) ? 'ts' : 'js',
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    sourcemap: 'external',
    sourcesContent: false,
    // Not `.mjs`: between files of one project, `import x from` means the other file's default export.
    sourcefile: `source.${typeScript.test(file) ? 'ts' : 'js'}`,
    // CommonJS knows no import.meta; the loader puts one on `module`.
    define: { 'import.meta': 'module.importMeta' },
    logLevel: 'silent',
  }
}

interface ModuleSyntax {
  /** Has `import`, `export` or `import.meta`, and so is no CommonJS. */
  module: boolean
  /** Offsets of the word `import` in `import(…)`. */
  dynamicImports: number[]
}

/** @returns undefined when the text cannot be parsed */
function moduleSyntax(text: string): ModuleSyntax | undefined {
  const { parse } = createRequire(import.meta.url)('es-module-lexer/minimal/js') as typeof Lexer
  try {
    const [imports, exports] = parse(text)
    const dynamic = imports.filter((entry) => entry.d >= 0)
    return {
      // `export {}` alone marks a file as a module without exporting anything.
      module: exports.length > 0 || dynamic.length < imports.length || /\bexport\s*\{\s*\}/.test(text),
      dynamicImports: dynamic.map((entry) => entry.ss),
    }
  } catch {
    return undefined
  }
}

/** Node's own `import()` knows neither public modules nor TypeScript; the loader's does, and hands the rest to Node. */
function rewriteDynamicImports(code: string, offsets: readonly number[]): string {
  let result = ''
  let from = 0
  for (const offset of offsets) {
    result += `${code.slice(from, offset)}module.dynamicImport`
    from = offset + 'import'.length
  }
  return result + code.slice(from)
}

function replaceFile(file: string, text: string): void {
  const fresh = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`
  writeFileSync(fresh, text)
  renameSync(fresh, file)
}
