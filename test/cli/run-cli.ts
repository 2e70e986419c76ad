/** Runs the built command as a user does: a process of its own, its two streams, its exit code. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { builtFile } from '../../runtime/package-info.ts'

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

export const mainFile = builtFile('cli/main.js')

export async function cli(
  args: readonly string[],
  options: { cwd?: string; stdin?: string } = {},
): Promise<CliResult> {
  const child = start(args, options.cwd)
  child.stdin?.end(options.stdin ?? '')
  const output = collect(child)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, ...output }
}

/** A `dev` that has printed its `ready` line. */
export interface DevProcess extends AsyncDisposable {
  url: string
  child: ChildProcess
  output: { stdout: string; stderr: string }
  /** Sends a signal and waits. @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export async function dev(args: readonly string[], cwd?: string): Promise<DevProcess> {
  return await serving(['dev', '--port', '0', ...args], cwd)
}

/** Any command that prints a `ready` line and runs until it is told to stop. */
export async function serving(args: readonly string[], cwd?: string): Promise<DevProcess> {
  const child = start(args, cwd)
  const output = collect(child)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const ready = output.stdout.match(/^ready (http:\/\/\S+)$/m)?.[1]
      if (ready) resolve(ready)
    })
    void ended.then((code) => reject(new Error(`${args[0]} ended with ${code}\n${output.stderr}`)))
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal)
    return await ended
  }
  return { url, child, output, stop, [Symbol.asyncDispose]: async () => void (await stop('SIGKILL')) }
}

export async function temporaryFolder(): Promise<string> {
  return await mkdtemp(path.join(tmpdir(), 'unicloud-cli-'))
}

// internals

function start(args: readonly string[], cwd: string | undefined): ChildProcess {
  return spawn(process.execPath, [mainFile, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  return output
}
