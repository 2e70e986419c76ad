/**
 * `unicloud-local/test`: a space in memory for tests. Functions and objects run as they do under `dev`, on a database
 * and a redis that nothing else sees, and on a clock that only the test moves.
 *
 * ```ts
 * import { createSpace } from 'unicloud-local/test'
 *
 * const space = await createSpace({ project: '.', now: '2026-01-01T00:00:00Z' })
 * await space.seed({ todo: [{ _id: '1', title: 'milk', done: true }] })
 * expect(await space.importObject('todo').list()).toMatchObject({ total: 1 })
 * await space.clock.advance({ days: 1 })   // timers fire on the way
 * await space.close()
 * ```
 */
export { TestCallError } from './call-error.ts'
export type { Caller, CallerInfo } from './caller.ts'
export type { Duration, TestClock } from './test-clock.ts'
export type { SandboxNotification, SandboxOrder, TestSandbox } from './test-sandbox.ts'
export { createSpace, type TestSpace, type TestSpaceOptions } from './test-space.ts'
