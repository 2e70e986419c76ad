/**
 * The threads of this process, seen through one inspector session that lasts as long as the process.
 *
 * It is opened before the first thread that may end by itself and never closed, on purpose: `NodeWorker.enable` goes through the list of
 * threads and calls back into JavaScript meanwhile, and where one of them ends just then, Node 20 reads the entry that
 * has gone and the whole process dies of SIGSEGV.
 */
import { Session } from 'node:inspector'

export class ThreadInspector {
  static #only: ThreadInspector | undefined

  readonly #session = new Session()
  /** Inspector sessions by thread, as its `threadId` names it. */
  readonly #sessions = new Map<number, string>()
  /** Questions without an answer, by inspector session. */
  readonly #open = new Map<string, (value: unknown) => void>()

  private constructor() {
    this.#session.connect()
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // `workerId` is a number of the inspector's own; the thread's stands in the title.
      const threadId = Number(/^\[worker (\d+)\]/.exec(params.workerInfo.title)?.[1])
      this.#sessions.set(threadId, params.sessionId)
    })
    this.#session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => {
      this.#open.delete(sessionId)
      for (const [threadId, own] of this.#sessions) if (own === sessionId) this.#sessions.delete(threadId)
    })
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      this.#receive(params.sessionId, params.message)
    })
    // Where the host itself is a thread there is no such domain, and threads cannot be asked.
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => {})
  }

  /** The one of this process. To be asked for before a thread is started. */
  static get(): ThreadInspector {
    ThreadInspector.#only ??= new ThreadInspector()
    return ThreadInspector.#only
  }

  /**
   * Evaluates an expression in a thread; its answer comes even from inside a loop without end. One question per thread
   * at a time: a thread that cannot answer yet is not asked again.
   */
  ask(threadId: number, expression: string, answer: (value: unknown) => void): void {
    const sessionId = this.#sessions.get(threadId)
    if (sessionId === undefined || this.#open.has(sessionId)) return
    this.#open.set(sessionId, answer)
    this.#send(sessionId, 'Runtime.evaluate', { expression, returnByValue: true })
  }

  /** Lets a thread that stands at a breakpoint go on. */
  resume(threadId: number): void {
    const sessionId = this.#sessions.get(threadId)
    if (sessionId === undefined) return
    this.#send(sessionId, 'Debugger.enable', {})
    this.#send(sessionId, 'Debugger.resume', {})
  }

  // internals

  #send(sessionId: string, method: string, params: object): void {
    const message = JSON.stringify({ id: 1, method, params })
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, (error) => {
      if (error) this.#open.delete(sessionId)
    })
  }

  #receive(sessionId: string, message: string): void {
    const { result, error } = JSON.parse(message) as {
      result?: { result?: { value?: unknown } }
      error?: object
    }
    // What `resume` sends has no value.
    if (!result?.result && !error) return
    const answer = this.#open.get(sessionId)
    this.#open.delete(sessionId)
    answer?.(result?.result?.value)
  }
}
