/** Threads at a breakpoint. */
import { Session, url } from 'node:inspector'

/**
 * Lets a thread that was told to end really end: one that stands at a breakpoint would wait for its debugger for ever,
 * and the process with it. To be called after `terminate()`, so that no more of its code runs.
 * @param threadId as the inspector names it
 * @returns to be disposed when the thread has ended
 */
export function releaseFromDebugger(threadId: number): Disposable | undefined {
  if (url() === undefined) return undefined
  const session = new Session()
  session.connect()
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
    if (!workerInfo.title.startsWith(`[worker ${threadId}]`)) return
    for (const method of ['Debugger.enable', 'Debugger.resume']) {
      const message = JSON.stringify({ id: 1, method })
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, () => {})
    }
  })
  session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => {})
  return { [Symbol.dispose]: () => session.disconnect() }
}
