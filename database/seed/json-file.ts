/**
 * A JSON file of a `database/` folder, read leniently: every other real one has comments, trailing commas or a byte
 * order mark (spec/database.md §14). Places of members are looked up only when there is something to report.
 */
import { readFile } from 'node:fs/promises'
import type { Node, ParseError } from 'jsonc-parser'
import { type Doc, setOwn } from '../api/own-member.ts'

/** A place in a file; line and column count from 1. */
export interface FilePlace {
  path: string
  line?: number
  column?: number
}

export class JsonFile {
  readonly path: string
  readonly value: unknown
  readonly #text: string

  private constructor(path: string, text: string, value: unknown) {
    this.path = path
    this.#text = text
    this.value = value
  }

  /** @throws JsonFault when even a lenient reader cannot make sense of the text; NodeJS errors of reading */
  static async read(path: string): Promise<JsonFile> {
    const text = (await readFile(path, 'utf8')).replace(/^\ufeff/, '')
    try {
      return new JsonFile(path, text, JSON.parse(text))
    } catch {
      return new JsonFile(path, text, await parseLeniently(path, text))
    }
  }

  /** Where the value at a path of member names and indexes stands. */
  async place(path: ReadonlyArray<string | number>): Promise<FilePlace> {
    const { findNodeAtLocation, parseTree } = await import('jsonc-parser')
    const tree = parseTree(this.#text, [], lenient)
    const node = tree && findNodeAtLocation(tree, [...path])
    return node ? placeAt(this.path, this.#text, node.offset) : { path: this.path }
  }
}

/** Text that is no JSON. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault'
  readonly place: FilePlace

  constructor(message: string, place: FilePlace) {
    super(message)
    this.place = place
  }
}

// internals

const lenient = { allowTrailingComma: true, disallowComments: false, allowEmptyContent: true }

async function parseLeniently(path: string, text: string): Promise<unknown> {
  const { parseTree, printParseErrorCode } = await import('jsonc-parser')
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, lenient)
  const [first] = errors
  if (first) {
    const words = printParseErrorCode(first.error).replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    throw new JsonFault(`not JSON: ${words.toLowerCase()}`, placeAt(path, text, first.offset))
  }
  return tree && nodeValue(tree)
}

/** jsonc-parser's own function would take a member called `__proto__` for the prototype. */
function nodeValue(node: Node): unknown {
  const children = node.children ?? []
  if (node.type === 'array') return children.map(nodeValue)
  if (node.type !== 'object') return node.value
  const result: Doc = {}
  for (const { children: [name, value] = [] } of children) {
    if (name && value) setOwn(result, name.value as string, nodeValue(value))
  }
  return result
}

function placeAt(path: string, text: string, offset: number): FilePlace {
  const before = text.slice(0, offset).split('\n')
  return { path, line: before.length, column: before.at(-1)!.length + 1 }
}
