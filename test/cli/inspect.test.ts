import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { SourceMap } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { mainFile, temporaryFolder } from './run-cli.ts'

/** What VS Code and Chrome do: attach to the process, follow its threads, stop in the user's own TypeScript. */
test('a breakpoint in a TypeScript function stops it', async () => {
  const folder = await temporaryFolder()
  const functions = path.join(folder, 'uniCloud-aliyun', 'cloudfunctions')
  await mkdir(path.join(functions, 'stop'), { recursive: true })
  await writeFile(
    path.join(functions, 'stop', 'index.ts'),
    'interface Event {\n  n: number\n}\n\nexport const main = async (event: Event) => {\n  debugger\n  return event.n\n}\n',
  )
  await writeFile(path.join(functions, 'stop', 'package.json'), '{"cloudfunction-config":{"path":"/stop"}}')
  const child = spawn(
    process.execPath,
    ['--inspect=127.0.0.1:0', mainFile, 'dev', '--project', folder, '--port', '0', '--no-timeout'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  try {
    let output = ''
    const url = await new Promise<{ server: string; inspector: string }>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
          const server = output.match(/ready (http:\/\/\S+)/)?.[1]
          const inspector = output.match(/(ws:\/\/127\.0\.0\.1:\S+)/)?.[1]
          if (server && inspector) resolve({ server, inspector })
        })
      }
    })
    using inspector = await Inspector.connect(url.inspector)
    const answer = fetch(`${url.server}/stop`)
    const paused = await inspector.pausedInThread()
    expect(paused).toEqual({ functionName: 'main', file: path.join(functions, 'stop', 'index.ts'), line: 6 })
    inspector.resume()
    expect((await answer).status).toBe(200)
  } finally {
    child.kill('SIGKILL')
  }
})

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
