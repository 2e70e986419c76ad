import { describe, expect, test } from 'vitest'
import { DocumentSplitter, SplitError } from '../../database/tools/document-splitter.ts'

/** Feeds a text in chunks of every size: where a chunk ends must not matter. */
function split(text: string, size: number): [line: number, text: string][] {
  const splitter = new DocumentSplitter()
  const pieces: [number, string][] = []
  const take = (from: Iterable<{ line: number; text: string }>) => {
    for (const piece of from) pieces.push([piece.line, piece.text])
  }
  for (let at = 0; at < text.length; at += size) take(splitter.add(text.slice(at, at + size)))
  take(splitter.end())
  return pieces
}

const sizes = [1, 2, 3, 7, 1000]

const cases: [name: string, text: string, pieces: [line: number, text: string][]][] = [
  ['nothing', '', []],
  ['blank lines', '\n \r\n\t\n', []],
  [
    'JSON lines',
    '{"a":1}\n{"b":"}{"}\r\n\n{"c":"\\"\\\\"}',
    [
      [1, '{"a":1}'],
      [2, '{"b":"}{"}'],
      [4, '{"c":"\\"\\\\"}'],
    ],
  ],
  ['a byte order mark', '\ufeff{"a":1}\n', [[1, '{"a":1}']]],
  [
    'documents over several lines',
    '{\n  "a": {\n    "b": [1]\n  }\n}\n{\n "c": 1 }\n',
    [
      [1, '{\n  "a": {\n    "b": [1]\n  }\n}'],
      [6, '{\n "c": 1 }'],
    ],
  ],
  [
    'several on a line, commas between lines',
    '{"a":1}{"b":2} {"c":3},\n{"d":4},',
    [
      [1, '{"a":1}'],
      [1, '{"b":2}'],
      [1, '{"c":3}'],
      [2, '{"d":4}'],
    ],
  ],
  [
    'a line that is cut off costs one document',
    '{"a":{"b":1\n{"c":2}\n{"d":"x\n{"e":3}\n',
    [
      [1, '{"a":{"b":1'],
      [2, '{"c":2}'],
      [3, '{"d":"x'],
      [4, '{"e":3}'],
    ],
  ],
  [
    'rubbish ends with its line',
    'name,age\n{"a":1} rest of line\n]\n{"b":2}',
    [
      [1, 'name,age'],
      [2, '{"a":1}'],
      [2, 'rest of line'],
      [3, ']'],
      [4, '{"b":2}'],
    ],
  ],
  [
    'an escape before a line break is none',
    '{"a":"x\\\n{"b":2}',
    [
      [1, '{"a":"x\\'],
      [2, '{"b":2}'],
    ],
  ],
  [
    'an array',
    ' [ {"a":[1,{"b":2}]},\n{"c":"],["},\n {"d":4}\n]\n',
    [
      [1, '{"a":[1,{"b":2}]}'],
      [2, '{"c":"],["}'],
      [3, '{"d":4}'],
    ],
  ],
  ['an empty array', '[]', []],
  [
    'an array of other things',
    '[1, "a,b" , null]',
    [
      [1, '1'],
      [1, '"a,b" '],
      [1, 'null'],
    ],
  ],
  [
    'comments and a trailing comma',
    '// users {\n[ /* [ " */ {"a": 1 /* } */}, // x\n {"b": "//"},\n]',
    [
      [2, '{"a": 1 /* } */}'],
      [3, '{"b": "//"}'],
    ],
  ],
  [
    'a slash that begins no comment',
    '{"a":1/2}\n/x\n{"b":1}',
    [
      [1, '{"a":1/2}'],
      [2, '/x'],
      [3, '{"b":1}'],
    ],
  ],
]

describe('a text is taken apart into documents', () => {
  test.each(cases)('%s', (_name, text, pieces) => {
    for (const size of sizes) expect(split(text, size)).toEqual(pieces)
  })
})

test('columns', () => {
  const text = '\n  {"a":1} {"b":\n2},{"c":3}\n{"d":4}'
  for (const size of sizes) {
    const splitter = new DocumentSplitter()
    const pieces = []
    for (let at = 0; at < text.length; at += size) pieces.push(...splitter.add(text.slice(at, at + size)))
    pieces.push(...splitter.end())
    expect(pieces.map(({ line, column }) => [line, column])).toEqual([
      [2, 3],
      [2, 11],
      [3, 4],
      [4, 1],
    ])
  }
})

const faults: [name: string, text: string, message: RegExp, line: number][] = [
  ['an array without an end', '[{"a":1},\n{"b":2}\n', /ends before the array's/, 3],
  ['something behind an array', '[{"a":1}]\n{"b":2}', /nothing may follow/, 2],
  ['a comment without an end', '{"a":1}\n/* and so on', /not closed/, 2],
]

describe('a text of no known form', () => {
  test.each(faults)('%s', (_name, text, message, line) => {
    for (const size of sizes) {
      const attempt = () => split(text, size)
      expect(attempt).toThrow(message)
      expect(attempt).toThrow(expect.objectContaining({ line }))
    }
  })

  test('a document longer than any can be', () => {
    const splitter = new DocumentSplitter(10)
    expect([...splitter.add('{"a":1}\n{"b"')]).toHaveLength(1)
    expect(() => [...splitter.add(':"0123456789')]).toThrow(SplitError)
  })
})
