/**
 * Makes stack traces of transformed files point at the user's own lines. `Error.prepareStackTrace` is set when the
 * first such file loads, so plain JavaScript pays nothing. Node's own `--enable-source-maps` was measured and left:
 * it makes every stack half as expensive again, and reads the source maps of all npm packages (spec/runtime.md §2
 * wants the user's lines only).
 */
import { SourceMap } from 'node:module'

export class StackMapper {
  readonly #files = new Map<string, { read: () => string | undefined; map?: SourceMap | undefined }>()
  #previous: PrepareStackTrace | undefined
  #installed = false

  /**
   * @param file the file V8 knows, which is the user's source file
   * @param read the source map as JSON; called when a stack with the file is first looked at
   */
  add(file: string, read: () => string | undefined): void {
    this.#files.set(file, { read })
    if (this.#installed) return
    this.#installed = true
    this.#previous = Error.prepareStackTrace
    Error.prepareStackTrace = this.#prepare
  }

  close(): void {
    if (this.#installed && Error.prepareStackTrace === this.#prepare) {
      if (this.#previous) Error.prepareStackTrace = this.#previous
      else Reflect.deleteProperty(Error, 'prepareStackTrace')
    }
    this.#installed = false
    this.#files.clear()
  }

  /** The place in the user's file of a place V8 reports; lines and columns from 1. */
  original(file: string, line: number, column: number): { line: number; column: number } | undefined {
    const entry = this.#files.get(file)
    if (entry === undefined) return undefined
    if (!('map' in entry)) entry.map = parseMap(entry.read())
    const found = entry.map?.findEntry(line - 1, column - 1)
    if (found === undefined || !('originalLine' in found)) return undefined
    return { line: found.originalLine + 1, column: found.originalColumn + 1 }
  }

  // internals

  /** The text whoever was there before makes of it (Node, in its later versions), with other places in it. */
  readonly #prepare = (error: Error, frames: NodeJS.CallSite[]): unknown => {
    const text = this.#previous ? this.#previous(error, frames) : plainStack(error, frames)
    if (typeof text !== 'string') return text
    return frames.reduce((result, frame) => this.#replacePlace(result, frame), text)
  }

  #replacePlace(text: string, frame: NodeJS.CallSite): string {
    const file = frame.getFileName()
    if (!file || !this.#files.has(file)) return text
    const line = frame.getLineNumber() ?? 0
    const column = frame.getColumnNumber() ?? 0
    const place = this.original(file, line, column)
    if (place === undefined) return text
    const shown = `    at ${frame}`
    const moved = shown.replace(`${file}:${line}:${column}`, () => `${file}:${place.line}:${place.column}`)
    return text.replace(shown, () => moved)
  }
}

type PrepareStackTrace = (error: Error, frames: NodeJS.CallSite[]) => unknown

function parseMap(json: string | undefined): SourceMap | undefined {
  try {
    return json === undefined ? undefined : new SourceMap(JSON.parse(json))
  } catch {
    return undefined
  }
}

/** As V8 writes it. */
function plainStack(error: Error, frames: NodeJS.CallSite[]): string {
  return [headline(error), ...frames.map((frame) => `    at ${frame}`)].join('\n')
}

/** Node names its own errors with their code: `TypeError [ERR_INVALID_ARG_TYPE]: …`. */
function headline(error: Error & { code?: unknown }): string {
  try {
    const text = Error.prototype.toString.call(error)
    const { name, code } = error
    const ofNode = typeof code === 'string' && code.startsWith('ERR_') && text.startsWith(`${name}:`)
    return ofNode ? `${name} [${code}]${text.slice(name.length)}` : text
  } catch {
    return 'Error'
  }
}
