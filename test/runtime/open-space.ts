/** Spaces for tests: on a fixture project, with a state folder of their own, gone when the test is. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SpaceOptions } from '../../runtime/config/options.ts'
import { resolveOptions } from '../../runtime/config/resolve.ts'
import { type Invocation, type Outcome, outcomeValue } from '../../runtime/invocation.ts'
import { createSpace, type SpaceDependencies } from '../../runtime/space.ts'
import type { Space, SpaceControl } from '../../runtime/space-api.ts'

export type TestSpace = Space & SpaceControl

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
}

/** A space on `test/fixtures/calls` unless another project is named; without built-ins. */
export async function openSpace(
  overrides: Partial<SpaceOptions> = {},
  dependencies: SpaceDependencies = {},
): Promise<TestSpace> {
  const data = await mkdtemp(path.join(tmpdir(), 'unicloud-test-'))
  const project = overrides.project ?? fixture('calls')
  const defaults = resolveOptions({ cwd: project, flags: { project, data } })
  const space = await createSpace({ ...defaults, builtins: false, ...overrides }, dependencies)
  const close = space.close.bind(space)
  return Object.assign(space, {
    async [Symbol.asyncDispose]() {
      await close()
      await rm(data, { recursive: true, force: true })
    },
  })
}

/** A call as a client makes it. */
export function clientCall(name: string, event: unknown = {}, more: Partial<Invocation> = {}): Invocation {
  return { name, payload: { type: 'event', event }, source: 'client', ...more }
}

export function methodCall(
  name: string,
  method: string,
  params: unknown[] = [],
  more: Partial<Invocation> = {},
) {
  return { name, payload: { type: 'method', method, params }, source: 'client', ...more } satisfies Invocation
}

export function httpCall(name: string, where: string, query: Record<string, string> = {}): Invocation {
  const http = {
    path: where,
    httpMethod: 'GET',
    headers: { host: 'localhost' },
    queryStringParameters: query,
    body: '',
    isBase64Encoded: false,
  }
  return { name, payload: { type: 'http', http }, source: 'http' }
}

/** The value of an outcome that must be a success. */
export function resultOf(outcome: Outcome): unknown {
  if (!outcome.ok) throw new Error(`${outcome.failure.errCode}: ${outcome.failure.errMsg}`)
  return outcomeValue(outcome)
}

/** Code and text of an outcome that must be a failure. */
export function failureOf(outcome: Outcome): [code: string | number, text: string] {
  if (outcome.ok) throw new Error(`succeeded with ${JSON.stringify(outcome.value).slice(0, 200)}`)
  return [outcome.failure.errCode, outcome.failure.errMsg]
}
