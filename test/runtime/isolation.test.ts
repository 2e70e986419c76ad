/** One behaviour, three carriers. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot } from '../../runtime/package-info.ts'
import {
  clientCall,
  failureOf,
  fixture,
  methodCall,
  openSpace,
  resultOf,
  type TestSpace,
} from './open-space.ts'
import { ProjectFolder } from './project-folder.ts'

describe.each(['thread', 'process', 'in-process'] as const)('isolation: %s', (isolation) => {
  let space: TestSpace
  beforeAll(async () => {
    space = await openSpace({ isolation })
  })
  afterAll(() => space[Symbol.asyncDispose]())

  const call = async (name: string, event: unknown = {}) =>
    resultOf(await space.invoke(clientCall(name, event)))

  test('functions and objects', async () => {
    expect(await call('hello', { name: 'x' })).toEqual({ hello: 'x', source: 'client' })
    expect(resultOf(await space.invoke(methodCall('todo', 'add', ['t'])))).toMatchObject({
      title: 't',
      calls: 1,
    })
    expect(resultOf(await space.invoke(methodCall('todo', 'add', ['t'])))).toMatchObject({ calls: 2 })
    expect(failureOf(await space.invoke(clientCall('throws', { kind: 'coded' })))).toEqual([
      'E_CODED',
      'coded message',
    ])
  })

  test('instances side by side do not see each other', async () => {
    const both = (await Promise.all([
      call('sleeper', { ms: 1000 }),
      call('sleeper', { ms: 1000 }),
    ])) as Array<{
      id: string
      most: number
    }>
    expect(both[0]?.id).not.toBe(both[1]?.id)
    expect(both.map(({ most }) => most)).toEqual([1, 1])
  })

  test('nested calls, and what each instance knows of its calls', async () => {
    expect(await call('nested', { depth: 2 })).toMatchObject({ inner: { inner: { source: 'function' } } })
    expect(await call('together', { ms: 1 })).toMatchObject({ requests: 1 })
  })

  test('load errors', async () => {
    expect(failureOf(await space.invoke(clientCall('missing-module')))[1]).toMatch(/^MODULE_NOT_FOUND:/)
    expect(failureOf(await space.invoke(clientCall('syntax-error')))[1]).toMatch(/^SyntaxError:/)
  })

  test('lines carry function and request', async () => {
    const { requestId } = await space.invoke(clientCall('prints'))
    const texts = () =>
      space.logs
        .list()
        .filter((line) => line.requestId === requestId && line.channel === 'console')
        .map(({ level, text }) => `${level} ${text.split('\n')[0]}`)
    expect(texts()).toEqual([
      'log a line {',
      'warn n is 5',
      'error Error: shown with its stack',
      'debug debugging',
      'log group',
      'info   indented',
    ])
  })

  test('a call past its limit is answered', async () => {
    expect(failureOf(await space.invoke(clientCall('spinner', { hang: true })))[0]).toBe('FUNCTION_TIMEOUT')
    expect(await call('spinner')).toBe('done')
  })

  test('database', async () => {
    expect(await call('database', { title: isolation })).toEqual({ title: isolation, total: 1 })
  })
})

describe('isolation: process', () => {
  let space: TestSpace
  beforeAll(async () => {
    space = await openSpace({ isolation: 'process' })
  })
  afterAll(() => space[Symbol.asyncDispose]())

  test.each([
    ['exits', { how: 'exit' }, 'code 3'],
    ['exits', { how: 'abort' }, 'ended by SIGABRT'],
    ['hungry', { eat: 'list' }, 'ran out of memory'],
  ])('%s %j ends nobody else', async (name, event, line) => {
    const outcome = await space.invoke(clientCall(name, event))
    expect(failureOf(outcome)).toEqual(['FunctionServerError', `Function [${name}] exited unexpectedly`])
    expect(space.logs.list().some(({ text }) => text.includes(line))).toBe(true)
    expect((await space.invoke(clientCall(name))).ok).toBe(true)
  })

  test('a loop without end is stopped', async () => {
    expect(failureOf(await space.invoke(clientCall('spinner', { spin: true })))[0]).toBe('FUNCTION_TIMEOUT')
    expect(resultOf(await space.invoke(clientCall('spinner')))).toBe('done')
  })
})

test('in-process: what nobody catches is in the log and ends nothing', async () => {
  const command = ['dist/cli/main.js', 'run', 'leaves', '--isolation', 'in-process', '--no-builtins']
  const data = mkdtempSync(path.join(tmpdir(), 'unicloud-test-'))
  const args = [...command, '--project', fixture('calls'), '--data', data, '--params', '{"what":"both"}']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: packageRoot })
  rmSync(data, { recursive: true })
  expect(JSON.parse(stdout)).toBe('answered')
  expect(stderr).toContain('nobody handled it: Error: rejected meanwhile')
  expect(stderr).toContain('uncaught: Error: thrown meanwhile')
})

describe('freezing after the return', () => {
  const files = {
    'ticks/index.js': `let ticks = 0
      exports.main = () => { if (ticks === 0) setInterval(() => ticks++, 10).unref(); return ticks }`,
  }

  test.each([
    ['provider', 'aliyun', (ticks: number) => ticks <= 2],
    ['continue', 'aliyun', (ticks: number) => ticks > 5],
    ['provider', 'tencent', (ticks: number) => ticks > 5],
  ] as const)('policy %s on %s', async (returnPolicy, provider, expected) => {
    using project = new ProjectFolder(files)
    await using space = await openSpace({
      project: project.root,
      isolation: 'process',
      provider,
      returnPolicy,
    })
    expect(resultOf(await space.invoke(clientCall('ticks')))).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(resultOf(await space.invoke(clientCall('ticks')))).toSatisfy(expected)
  })
})

describe('the working directory of a process', () => {
  const files = { 'where/index.js': `exports.main = () => process.cwd()` }

  test.each([
    ['aliyun', (cwd: string) => cwd.startsWith(tmpdir())],
    ['tencent', (cwd: string) => cwd.endsWith('cloudfunctions/where')],
  ] as const)('on %s', async (provider, expected) => {
    using project = new ProjectFolder(files)
    const space = await openSpace({ project: project.root, isolation: 'process', provider })
    try {
      expect(resultOf(await space.invoke(clientCall('where')))).toSatisfy(expected)
    } finally {
      await space[Symbol.asyncDispose]()
    }
  })
})
