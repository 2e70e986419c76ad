/** `unicloud-local run`: one call in a fresh space, its result on stdout. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { LocalError } from '../errors/errors.ts'
import type { SpaceOptions } from '../runtime/config/options.ts'
import { type ClientInfo, type Invocation, outcomeValue, type Payload } from '../runtime/invocation.ts'
import { sandboxFolder } from '../runtime/payment-sandbox.ts'
import type { FunctionEntry } from '../runtime/project/manifest.ts'
import { type RunParameters, readRunParameters } from '../runtime/project/run-parameters.ts'
import { createSpace } from '../runtime/space.ts'
import type { Space } from '../runtime/space-api.ts'
import { fireOnce } from '../runtime/timers.ts'
import { addressOfOwner } from '../sandbox/core/folder-lock.ts'
import { platformHostMap } from '../sandbox/hosts.ts'
import { leaveLeftovers } from './leftovers.ts'
import { followLogs } from './print/follow-logs.ts'
import { printProblems } from './print/problems.ts'
import { type Flags, spaceOptions } from './space-options.ts'

/**
 * @param target `NAME` or `NAME.METHOD`
 * Sets the exit code: 0, or 1 when the call failed.
 */
export async function run(target: string, flags: Flags): Promise<void> {
  const [name = '', method] = splitTarget(target)
  checkFlags(flags, name, method)
  const options = besideDev(await spaceOptions(flags, { timers: false }))
  process.exitCode = await runOnce(name, method, options, flags)
  leaveLeftovers(options)
}

// internals

/**
 * Where a `dev` simulates payment platforms, they are meant here as well: nobody else knows of its orders, and nothing is
 * to leave the machine. Elsewhere a job talks to the real ones.
 */
function besideDev(options: SpaceOptions): SpaceOptions {
  const url = options.sandbox ? undefined : addressOfOwner(sandboxFolder(options))
  return url === undefined
    ? options
    : { ...options, hostMap: { ...platformHostMap(url), ...options.hostMap } }
}

/** @returns the exit code */
async function runOnce(
  name: string,
  method: string | undefined,
  options: SpaceOptions,
  flags: Flags,
): Promise<number> {
  await using space = await createSpace(options)
  using _logs = followLogs(space.logs, { json: flags.json === true, requestLog: options.requestLog })
  const { functions } = space.manifest
  const entry = Object.hasOwn(functions, name) ? functions[name] : undefined
  printProblems(space.manifest, { only: name, json: flags.json === true })
  if (!entry) throw unknownFunction(space, name)
  return flags.timing ? await runTimer(space, entry, flags) : await runCall(space, entry, method, flags)
}

/** An option that has no effect is a mistake the caller should hear of: a batch job may hang on it. */
function checkFlags(flags: Flags, name: string, method: string | undefined): void {
  const given = (options: Record<string, string>): string | undefined =>
    Object.keys(options).find((key) => flags[key] !== undefined)
  if (!flags.timing) {
    const timerOptions: Record<string, string> = { trigger: '--trigger', at: '--at' }
    const found = given(timerOptions)
    if (found === undefined) return
    throw new LocalError('USAGE', `${timerOptions[found]} needs --timing`, {
      hint: `unicloud-local run ${name} --timing fires the timer of ${name}`,
    })
  }
  const callOptions: Record<string, string> = {
    params: '--params',
    dataFile: '--data-file',
    clientInfo: '--client-info',
    token: '--token',
  }
  const found = given(callOptions)
  if (found !== undefined) {
    throw new LocalError('USAGE', `${callOptions[found]} has no effect with --timing`, {
      hint: 'a timer calls with an argument of its own, and without a client',
    })
  }
  if (method !== undefined) {
    throw new LocalError('USAGE', `a timer calls no method ${method}`, {
      hint: `unicloud-local run ${name} --timing`,
    })
  }
}

async function runTimer(space: Space, entry: FunctionEntry, flags: Flags): Promise<number> {
  const at = flags.at === undefined ? new Date(space.clock.now()) : new Date(String(flags.at))
  if (Number.isNaN(at.getTime())) {
    throw new LocalError('USAGE', `--at is ${JSON.stringify(flags.at)}`, {
      hint: 'an ISO date and time is allowed, such as 2026-01-01T02:00:00+08:00',
    })
  }
  const trigger = flags.trigger === undefined ? undefined : String(flags.trigger)
  const outcome = await fireOnce(space, entry, { at, ...(trigger === undefined ? {} : { trigger }) })
  return print(outcome.ok ? { ok: true, value: outcomeValue(outcome) } : outcome)
}

async function runCall(
  space: Space,
  entry: FunctionEntry,
  method: string | undefined,
  flags: Flags,
): Promise<number> {
  const invocation = await invocationOf(entry, method, flags)
  const outcome = await space.invoke(invocation)
  if (!outcome.ok) return print(outcome)
  const value = outcomeValue(outcome)
  // A response-format result with a truthy errCode is a failed method call (spec/runtime.md §6.1).
  const failed =
    entry.kind === 'cloudobject' &&
    typeof value === 'object' &&
    value !== null &&
    Boolean((value as { errCode?: unknown }).errCode)
  print({ ok: true, value })
  return failed ? 1 : 0
}

async function invocationOf(
  entry: FunctionEntry,
  method: string | undefined,
  flags: Flags,
): Promise<Invocation> {
  const given = givenParameters(flags)
  const file = given === undefined ? await readRunParameters(entry, method) : undefined
  const payload = payloadOf(entry, method, given, file)
  const told: Partial<Invocation> = {
    ...(flags.clientInfo === undefined ? {} : { clientInfo: parseObject(flags.clientInfo, '--client-info') }),
    ...(flags.token === undefined ? {} : { uniIdToken: String(flags.token) }),
  }
  // Client fields and tokens reach a function on client calls only (spec/runtime.md §4).
  const source = Object.keys(told).length > 0 ? 'client' : 'server'
  return { name: entry.name, source, userAgent: 'unicloud-local', ...file, ...told, payload }
}

function payloadOf(
  entry: FunctionEntry,
  method: string | undefined,
  given: unknown,
  file: RunParameters | undefined,
): Payload {
  if (entry.kind === 'cloudfunction') {
    if (method === undefined) return file?.payload ?? { type: 'event', event: given ?? {} }
    throw new LocalError('USAGE', `${entry.name} is a cloud function and has no method ${method}`, {
      where: { file: entry.entry },
      hint: `call it with: unicloud-local run ${entry.name} --params '{…}'`,
    })
  }
  const written = file?.payload.type === 'method' ? file.payload : undefined
  const name = method ?? written?.method
  if (name === undefined) {
    throw new LocalError('USAGE', `${entry.name} is a cloud object: which method?`, {
      hint: `unicloud-local run ${entry.name}.METHOD, or a call such as METHOD() in ${entry.name}/${entry.name}.param.js`,
    })
  }
  const params = given ?? (written?.method === name ? written.params : [])
  return { type: 'method', method: name, params: Array.isArray(params) ? params : [params] }
}

function givenParameters(flags: Flags): unknown {
  if (flags.params !== undefined && flags.dataFile !== undefined) {
    throw new LocalError('USAGE', '--params and --data-file are both given', { hint: 'keep one of them' })
  }
  if (flags.params !== undefined) return parseJson(String(flags.params), '--params')
  if (flags.dataFile === undefined) return undefined
  const file = flags.dataFile === '-' ? 0 : path.resolve(String(flags.dataFile))
  try {
    return parseJson(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''), `--data-file ${flags.dataFile}`)
  } catch (cause) {
    if (cause instanceof LocalError) throw cause
    throw new LocalError('USAGE', `--data-file cannot be read: ${(cause as Error).message}`, { cause })
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LocalError('USAGE', `${source} is not JSON: ${(cause as Error).message}`, {
      hint: `quote it for the shell, for example ${source.split(' ')[0]} '{"a":1}'`,
      cause,
    })
  }
}

function parseObject(text: unknown, source: string): ClientInfo {
  const value = parseJson(String(text), source)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ClientInfo
  throw new LocalError('USAGE', `${source} is ${JSON.stringify(value)}: an object is allowed`)
}

/** A name cannot contain a dot (spec/runtime.md §1.2), so the first one ends it. */
function splitTarget(target: string): [string, string?] {
  const dot = target.indexOf('.')
  return dot === -1 ? [target] : [target.slice(0, dot), target.slice(dot + 1)]
}

function unknownFunction(space: Space, name: string): LocalError {
  const names = Object.keys(space.manifest.functions)
  return new LocalError('FUNCTION_INVALID', `no cloud function or object is named ${JSON.stringify(name)}`, {
    where: { file: space.manifest.root },
    hint: names.length > 0 ? `there are: ${names.sort().join(', ')}` : 'the project has none',
  })
}

/** Result or failure as one line of JSON on stdout; what led to a failure is in the log on stderr. */
function print(
  result:
    | { ok: true; value: unknown }
    | { ok: false; requestId: string; failure: { errCode: unknown; errMsg: string } },
): number {
  if (result.ok) {
    process.stdout.write(`${JSON.stringify(result.value ?? null, undefined, process.stdout.isTTY ? 2 : 0)}\n`)
    return 0
  }
  const { requestId, failure } = result
  process.stdout.write(`${JSON.stringify({ requestId, errCode: failure.errCode, errMsg: failure.errMsg })}\n`)
  return 1
}
