import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { SourceMap } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { mainFile, temporaryFolder } from './run-cli.ts'

/** What VS Code and Chrome do: attach to the process, follow its threads, stop in the user's own TypeScript. */
test('a breakpoint in a TypeScript function stops it', async () => {
  await using debugged = await Debugged.start()
  using inspector = await Inspector.connect(debugged.inspector)
  const answer = fetch(`${debugged.server}/stop`)
  const paused = await inspector.pausedInThread()
  expect(paused).toEqual({ functionName: 'main', file: debugged.file, line: 6 })
  inspector.resume()
  expect((await answer).status).toBe(200)
})

test('what stands at a breakpoint does not keep the server from stopping', async () => {
  await using debugged = await Debugged.start()
  const inspector = await Inspector.connect(debugged.inspector)
  const answer = fetch(`${debugged.server}/stop`).catch(() => undefined)
  await inspector.pausedInThread()
  const asked = performance.now()
  debugged.child.kill('SIGTERM')
  // Node itself waits for debuggers; they go when the program says that it is about to end.
  await debugged.says('finishing running calls')
  inspector[Symbol.dispose]()
  expect(await debugged.ended).toEqual([0, null])
  // One grace of 5 s for everything that runs, not one for requests and another for functions.
  expect(performance.now() - asked).toBeLessThan(9000)
  await answer
})

test('a second signal stops it with the debugger attached', async () => {
  await using debugged = await Debugged.start()
  using inspector = await Inspector.connect(debugged.inspector)
  const answer = fetch(`${debugged.server}/stop`).catch(() => undefined)
  await inspector.pausedInThread()
  debugged.child.kill('SIGTERM')
  await debugged.says('finishing running calls')
  debugged.child.kill('SIGTERM')
  expect(await debugged.ended).toEqual([null, 'SIGKILL'])
  await answer
})

/** A `dev` under Node's inspector, with one function that stops by itself. */
class Debugged implements AsyncDisposable {
  readonly child: ChildProcess
  readonly file: string
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>
  server = ''
  inspector = ''
  #output = ''
  #heard: () => void = () => {}

  private constructor(child: ChildProcess, file: string) {
    this.child = child
    this.file = file
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#heard()
      })
    }
  }

  static async start(): Promise<Debugged> {
    const folder = await temporaryFolder()
    const home = path.join(folder, 'uniCloud-aliyun', 'cloudfunctions', 'stop')
    await mkdir(home, { recursive: true })
    const lines = [
      'interface Event {',
      '  n: number',
      '}',
      '',
      'export const main = async (event: Event) => {',
    ]
    await writeFile(
      path.join(home, 'index.ts'),
      [...lines, '  debugger', '  return event.n', '}', ''].join('\n'),
    )
    await writeFile(path.join(home, 'package.json'), '{"cloudfunction-config":{"path":"/stop"}}')
    const args = ['--inspect=127.0.0.1:0', mainFile, 'dev', '--project', folder, '--port', '0']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const debugged = new Debugged(child, path.join(home, 'index.ts'))
    debugged.server = await debugged.says(/ready (http:\/\/\S+)/)
    debugged.inspector = await debugged.says(/(ws:\/\/127\.0\.0\.1:\S+)/)
    return debugged
  }

  /** Waits for a text. @returns its group, or all of it */
  says(text: string | RegExp): Promise<string> {
    return new Promise((resolve) => {
      this.#heard = () => {
        const found = this.#output.match(text)
        if (found) resolve(found[1] ?? found[0])
      }
      this.#heard()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }
}

interface Message {
  id?: number
  method?: string
  params?: Record<string, unknown>
}

interface Place {
  functionName: string
  file: string
  line: number
}

interface Frame {
  functionName: string
  location: { scriptId: string; lineNumber: number; columnNumber: number }
}

/** As much of the inspector protocol as following threads takes. */
class Inspector implements Disposable {
  readonly #socket: WebSocket
  #id = 0
  #session = ''
  #paused: (place: Place) => void = () => {}
  /** Source map URLs by script id. */
  readonly #maps = new Map<string, string>()

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as Message))
  }

  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    const inspector = new Inspector(socket)
    inspector.#send('NodeWorker.enable', { waitForDebuggerOnStart: false })
    return inspector
  }

  pausedInThread(): Promise<Place> {
    return new Promise((resolve) => {
      this.#paused = resolve
    })
  }

  resume(): void {
    this.#sendToThread(this.#session, 'Debugger.resume')
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }

  #receive({ method, params = {} }: Message): void {
    if (method === 'NodeWorker.attachedToWorker') {
      this.#sendToThread(String(params.sessionId), 'Debugger.enable')
    } else if (method === 'NodeWorker.receivedMessageFromWorker') {
      this.#receiveFromThread(String(params.sessionId), JSON.parse(String(params.message)) as Message)
    }
  }

  #receiveFromThread(session: string, { method, params = {} }: Message): void {
    if (method === 'Debugger.scriptParsed') {
      this.#maps.set(String(params.scriptId), String(params.sourceMapURL))
    } else if (method === 'Debugger.paused') {
      this.#session = session
      const frame = (params.callFrames as Frame[])[0]
      if (frame) this.#paused(this.#mapped(frame))
    }
  }

  /** Where the user sees the frame, by the map that the code carries. */
  #mapped({ functionName, location }: Frame): Place {
    const [, data = ''] = this.#maps.get(location.scriptId)?.split(',') ?? []
    const map = new SourceMap(JSON.parse(Buffer.from(data, 'base64').toString()))
    const entry = map.findEntry(location.lineNumber, location.columnNumber)
    if (!('originalSource' in entry)) throw new Error('the place is not in the source map')
    return { functionName, file: fileURLToPath(entry.originalSource), line: entry.originalLine + 1 }
  }

  #sendToThread(sessionId: string, method: string): void {
    const message = JSON.stringify({ id: ++this.#id, method })
    this.#send('NodeWorker.sendMessageToWorker', { sessionId, message })
  }

  #send(method: string, params: object): void {
    this.#socket.send(JSON.stringify({ id: ++this.#id, method, params }))
  }
}
