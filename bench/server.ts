/** Starts a server under test as a process of its own and waits until it answers. */
import { type ChildProcess, spawn } from 'node:child_process'
import { type AddressInfo, connect, createServer } from 'node:net'
import path from 'node:path'
import { packageRoot } from '../runtime/package-info.ts'

export interface RunningServer {
  pid: number
  port: number
  url: string
  /** Milliseconds from the start of the process to the first good answer. */
  firstAnswerMs: number
  stop(): Promise<void>
}

export interface ServerCommand {
  /** Command and arguments; `{port}` and `{other port}` are replaced by free ones. */
  command: readonly string[]
  cwd?: string
  env?: Record<string, string>
  /** Default: a free one. */
  port?: number
  /** Path that must answer 200. */
  probe: string
}

/** @throws Error with the end of the process's output when it does not answer within a minute */
export async function startServer(what: ServerCommand): Promise<RunningServer> {
  const [port, other] = [what.port ?? (await freePort()), await freePort()]
  const [file = '', ...args] = what.command.map((part) =>
    part.replaceAll('{port}', String(port)).replaceAll('{other port}', String(other)),
  )
  const started = performance.now()
  const child = spawn(file, args, {
    cwd: what.cwd,
    env: { ...process.env, PORT: String(port), ...what.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output = (output + text).slice(-4000)
    })
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await answers(port, `${url}${what.probe}`, child)
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${file} ${args.join(' ')}: ${(error as Error).message}\n${output}`)
  }
  return {
    pid: child.pid ?? 0,
    port,
    url,
    firstAnswerMs: performance.now() - started,
    stop: () => stop(child),
  }
}

/** `dev` of what was built, on a project. */
export function devCommand(project: string): ServerCommand {
  const main = path.join(packageRoot, 'dist/cli/main.js')
  return {
    command: [process.execPath, main, 'dev', '--project', project, '--port', '{port}'],
    probe: '/_unicloud/api/health',
  }
}

/** A port of loopback nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

// internals

async function answers(port: number, url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`ended with code ${child.exitCode}`)
    // A bare connection is far cheaper than a failed request, so the wait itself costs the server nothing.
    if (await accepts(port)) {
      const response = await fetch(url).catch(() => undefined)
      if (response?.ok) return void (await response.arrayBuffer())
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error('did not answer within a minute')
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(force)
}
