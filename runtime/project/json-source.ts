/**
 * A JSON file of the user's, with the places of its members: every complaint about a field can say file, line and
 * column. Places are looked up only when there is something to complain about, so a clean project never pays.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as JsoncParser from 'jsonc-parser'
import type { SourcePlace } from '../../errors/errors.ts'
import { systemReason } from './unreadable.ts'

export type JsonPath = readonly (string | number)[]

/** Why a text is not the JSON it should be. */
export interface JsonFault {
  message: string
  where: SourcePlace
}

export class JsonSource {
  readonly file: string
  readonly text: string
  /** Why there is no text. */
  readonly unreadable: string | undefined

  /** @param text content of `file`; a byte order mark is dropped */
  constructor(file: string, text: string, unreadable?: string) {
    this.file = file
    this.text = withoutMark(text)
    this.unreadable = unreadable
  }

  /** A file that cannot be read is a faulty one: whoever wanted its content says so, as of broken JSON. */
  static read(file: string): JsonSource {
    try {
      return new JsonSource(file, readFileSync(file, 'utf8'))
    } catch (error) {
      return new JsonSource(file, '', `unreadable (${systemReason(error)})`)
    }
  }

  /**
   * Parses the text.
   * @param comments accept comments and trailing commas (run parameters, launch.json); else strict JSON
   */
  parse(comments = false): { value: unknown } | { fault: JsonFault } {
    if (this.unreadable !== undefined)
      return { fault: { message: this.unreadable, where: { file: this.file } } }
    if (!comments) {
      try {
        return { value: JSON.parse(this.text) }
      } catch {
        // Parsed again below: V8 does not always say where.
      }
    }
    const { parse, printParseErrorCode } = jsonc()
    const errors: JsoncParser.ParseError[] = []
    const value: unknown = parse(this.text, errors, {
      disallowComments: !comments,
      allowTrailingComma: comments,
      allowEmptyContent: comments,
    })
    const first = errors[0]
    if (first === undefined) return { value }
    const message =
      this.text.trim() === '' ? 'the file is empty' : faultText(printParseErrorCode(first.error))
    return { fault: { message, where: this.placeAt(first.offset) } }
  }

  /** Where a member stands; of a member that does not exist, the closest parent. `key` points at its name. */
  place(path: JsonPath, point: 'key' | 'value' = 'value'): SourcePlace {
    const { parseTree, findNodeAtLocation } = jsonc()
    const tree = parseTree(this.text)
    for (let length = path.length; tree !== undefined && length > 0; length--) {
      const node = findNodeAtLocation(tree, path.slice(0, length))
      if (node === undefined) continue
      const key = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined
      const exact = length === path.length
      return this.placeAt((exact && point === 'key' && key ? key : node).offset)
    }
    return { file: this.file }
  }

  /** Line and column, both from 1, of a character offset. */
  placeAt(offset: number): SourcePlace {
    const before = this.text.slice(0, offset).split('\n')
    return { file: this.file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }
}

/** A value as a message shows it: JSON, cut when long. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

// internals

/** Loaded at the first fault, not at start. */
function jsonc(): typeof JsoncParser {
  return createRequire(import.meta.url)('jsonc-parser') as typeof JsoncParser
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** `CommaExpected` -> `not valid JSON: comma expected`. */
function faultText(code: string): string {
  if (code === 'InvalidCommentToken') return 'not valid JSON: comments are not allowed here'
  return `not valid JSON: ${code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()}`
}
