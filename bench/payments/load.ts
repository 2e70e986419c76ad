/** Sends notifications, at a fixed rate or as fast as they are answered, and keeps how long each took. */
import { Agent, request } from 'node:http'
import type { Notification } from './notification.ts'

export interface LoadResult {
  /** ms each, from the moment at which it was due: a server that lags behind does not slow its own measurement down. */
  times: number[]
  /** Answers that accept nothing, and broken connections. */
  errors: string[]
  /** From the first that was sent to the last answer. */
  seconds: number
}

/** @param rate per second */
export async function sendAtRate(
  url: string,
  notifications: readonly Notification[],
  rate: number,
): Promise<LoadResult> {
  return await measure(url, async (send) => {
    const started = performance.now()
    const running: Promise<void>[] = []
    for (const [n, notification] of notifications.entries()) {
      const due = started + (n * 1000) / rate
      const wait = due - performance.now()
      if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
      running.push(send(notification, due))
    }
    await Promise.all(running)
  })
}

/** @param connections that many are under way at any time */
export async function sendAtOnce(
  url: string,
  notifications: readonly Notification[],
  connections: number,
): Promise<LoadResult> {
  return await measure(url, async (send) => {
    const queue = notifications.values()
    const work = async (): Promise<void> => {
      for (const notification of queue) await send(notification, performance.now())
    }
    await Promise.all(Array.from({ length: connections }, work))
  })
}

// internals

type Send = (notification: Notification, due: number) => Promise<void>

async function measure(url: string, work: (send: Send) => Promise<void>): Promise<LoadResult> {
  const result: LoadResult = { times: [], errors: [], seconds: 0 }
  const agent = new Agent({ keepAlive: true, maxSockets: 100 })
  const started = performance.now()
  await work(async (notification, due) => {
    const error = await post(url, notification, agent)
    result.times.push(performance.now() - due)
    if (error !== undefined) result.errors.push(error)
  })
  result.seconds = (performance.now() - started) / 1000
  agent.destroy()
  return result
}

/** @returns why it was not accepted */
function post(url: string, { headers, body }: Notification, agent: Agent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      { method: 'POST', agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
        })
        response.on('end', () => {
          resolve(response.statusCode === 200 ? undefined : `${response.statusCode} ${text}`)
        })
      },
    )
    outgoing.on('error', (error) => resolve(error.message))
    outgoing.end(body)
  })
}
