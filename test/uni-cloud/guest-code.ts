/** Code that runs inside a real instance of `test/fixtures/uni-cloud`. */
import type { SpaceOptions } from '../../runtime/config/options.ts'
import { clientCall, fixture, openSpace, resultOf, type TestSpace } from '../runtime/open-space.ts'

export interface GuestCode extends AsyncDisposable {
  space: TestSpace
  /** Runs the body of an async function; `event.args` are the arguments. @returns what it returns */
  run(code: string, args?: unknown, functionName?: 'everything' | 'plain'): Promise<unknown>
  /** As `run`, for code that must throw: its error as plain data. */
  failure(code: string, args?: unknown): Promise<Record<string, unknown>>
}

export async function guestCode(options: Partial<SpaceOptions> = {}): Promise<GuestCode> {
  const space = await openSpace({ project: fixture('uni-cloud'), database: 'memory', ...options })
  const run: GuestCode['run'] = async (code, args, functionName = 'everything') =>
    resultOf(await space.invoke(clientCall(functionName, { code, args })))
  return {
    space,
    run,
    failure: async (code, args) =>
      (await run(
        `try { await (async () => { ${code} })() } catch (e) {
          return { ...e, name: e.name, message: e.message, code: e.code, errCode: e.errCode, errMsg: e.errMsg }
        }
        return { message: 'nothing was thrown' }`,
        args,
      )) as Record<string, unknown>,
    [Symbol.asyncDispose]: () => space[Symbol.asyncDispose](),
  }
}
