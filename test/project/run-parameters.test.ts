import { describe, expect, test } from 'vitest'
import type { FunctionKind } from '../../runtime/project/manifest.ts'
import { readRunParameters } from '../../runtime/project/run-parameters.ts'
import { tempProject } from './temp-project.ts'

const told = { source: 'client', clientIP: '127.0.0.1', userAgent: 'HBuilderX' }

interface Case {
  name: string
  kind: FunctionKind
  files: Record<string, string>
  method?: string
  read?: object
  error?: { message: RegExp | string; where?: object }
}

const cases: Case[] = [
  { name: 'no file', kind: 'cloudfunction', files: {} },
  {
    name: 'event with comments',
    kind: 'cloudfunction',
    files: { 'f.param.json': '// hint\n{ "a": 1, /* x */ "b": [true], }' },
    read: { ...told, payload: { type: 'event', event: { a: 1, b: [true] } }, clientInfo: {} },
  },
  {
    name: 'only comments',
    kind: 'cloudfunction',
    files: { 'f.param.json': '// nothing\n' },
    read: { ...told, payload: { type: 'event', event: {} } },
  },
  {
    name: 'named after package.json',
    kind: 'cloudfunction',
    files: { 'g.param.json': '{"a": 1}', 'x.param.json': '{}', 'package.json': '{"name": "g"}' },
    read: { payload: { type: 'event', event: { a: 1 } } },
  },
  {
    name: 'the only one, whatever its name',
    kind: 'cloudfunction',
    files: { 'x.param.json': '{"a": 1}' },
    read: { payload: { type: 'event', event: { a: 1 } } },
  },
  {
    name: 'clientInfo leaves the event, uniIdToken stays',
    kind: 'cloudfunction',
    files: {
      'f.param.json':
        '{"a": 1, "uniIdToken": "t", "clientInfo": {"source": "http", "clientIP": "1.2.3.4", "ua": "U", "appId": "__UNI__X"}}',
    },
    read: {
      payload: { type: 'event', event: { a: 1, uniIdToken: 't' } },
      uniIdToken: 't',
      source: 'http',
      clientIP: '1.2.3.4',
      userAgent: 'U',
      clientInfo: { appId: '__UNI__X' },
    },
  },
  {
    name: 'the old upper-case keys',
    kind: 'cloudfunction',
    files: {
      'f.param.json':
        '{"clientInfo": {"SOURCE": "function", "CLIENTIP": "1.1.1.1", "CLIENTUA": "U", "OS": "ios"}}',
    },
    read: { source: 'function', clientIP: '1.1.1.1', userAgent: 'U', clientInfo: { OS: 'ios' } },
  },
  {
    name: 'broken JSON',
    kind: 'cloudfunction',
    files: { 'f.param.json': '{\n  "a": ]\n}' },
    error: { message: /not valid JSON/, where: { line: 2, column: 8 } },
  },
  {
    name: 'a call with every kind of literal',
    kind: 'cloudobject',
    files: {
      'f.param.js':
        '// login("no")\nlogin("a", \'b\', `c`, 1, -2, true, null, undefined, [1, , 3], { "x": { y: 1 }, z: [], 5: 6 })\nlogout()',
    },
    read: {
      ...told,
      payload: {
        type: 'method',
        method: 'login',
        params: ['a', 'b', 'c', 1, -2, true, null, undefined, [1, null, 3], { x: { y: 1 }, z: [], 5: 6 }],
      },
    },
  },
  {
    name: 'clientInfo and token of an object',
    kind: 'cloudobject',
    files: {
      'f.param.js':
        'const clientInfo = { source: "function", clientIP: "1.1.1.1", userAgent: "U", uniIdToken: "t", appId: "x" }\nawait add(1)',
    },
    read: {
      source: 'function',
      clientIP: '1.1.1.1',
      userAgent: 'U',
      uniIdToken: 't',
      clientInfo: { appId: 'x' },
      payload: { type: 'method', method: 'add', params: [1] },
    },
  },
  {
    name: 'an object’s older JSON form',
    kind: 'cloudobject',
    files: { 'f.param.json': '{ // method\n "method": "add", "params": [{"a": 1}] }' },
    read: { payload: { type: 'method', method: 'add', params: [{ a: 1 }] } },
  },
  {
    name: 'nothing is executed: a variable is an error',
    kind: 'cloudobject',
    files: { 'f.param.js': 'const a = 1\nadd(\n  a)' },
    error: { message: /^a is a variable; the file is not executed/, where: { line: 3, column: 3 } },
  },
  {
    name: 'nothing is executed: nor is an expression',
    kind: 'cloudobject',
    files: { 'f.param.js': 'add({ at: new Date() })' },
    error: { message: /only literal values count/, where: { line: 1, column: 11 } },
  },
  {
    name: 'a regular expression cannot be sent',
    kind: 'cloudobject',
    files: { 'f.param.js': 'add(/x/)' },
    error: { message: /one that JSON can carry/, where: { line: 1, column: 5 } },
  },
  {
    name: 'a call through an object',
    kind: 'cloudobject',
    files: { 'f.param.js': 'f.add(1)' },
    error: { message: /bare name/, where: { line: 1, column: 1 } },
  },
  {
    name: 'a syntax error',
    kind: 'cloudobject',
    files: { 'f.param.js': 'add(1\n' },
    error: { message: /Unexpected token/, where: { line: 2, column: 1 } },
  },
  {
    name: 'no call',
    kind: 'cloudobject',
    files: { 'f.param.js': '// add(1)\nconst clientInfo = {}' },
    error: { message: /^no method call in .*f\.param\.js$/ },
  },
  {
    name: 'no call, but the method is given',
    kind: 'cloudobject',
    files: { 'f.param.js': 'const clientInfo = { appId: "x" }' },
    method: 'add',
    read: { payload: { type: 'method', method: 'add', params: [] }, clientInfo: { appId: 'x' } },
  },
]

describe('run parameters', () => {
  test.each(cases)('$kind: $name', async ({ kind, files, method, read, error }) => {
    const entry = kind === 'cloudobject' ? 'index.obj.js' : 'index.js'
    const all = Object.entries({ [entry]: '', ...files }).map(([name, text]) => [
      `cloudfunctions/f/${name}`,
      text,
    ])
    await using project = await tempProject(Object.fromEntries(all))
    const { functions } = await project.read()
    const reading = readRunParameters(functions.f!, method)
    if (error === undefined) {
      if (read === undefined) expect(await reading).toBeUndefined()
      else expect(await reading).toMatchObject(read)
      return
    }
    const failure = await reading.catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'FUNCTION_INVALID', message: expect.stringMatching(error.message) })
    if (error.where) expect(failure).toMatchObject({ where: error.where })
  })
})
