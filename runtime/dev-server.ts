/** A space with its faces: timers, HTTP and hot reload. What `dev` runs, without the terminal. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { SpaceOptions } from './config/options.ts'
import { createGateway, type Listening } from './gateway/server.ts'
import { HotReload } from './hot-reload.ts'
import { createPaymentSandbox } from './payment-sandbox.ts'
import { createSpace } from './space.ts'
import type { Space, SpaceControl } from './space-api.ts'
import { SpaceTimers } from './timers.ts'

export interface DevServer {
  space: Space & SpaceControl
  timers: SpaceTimers
  listening: Listening
  /** Finishes running calls for up to `graceMs`, then stops everything. */
  close(graceMs?: number): Promise<void>
}

export interface DevServerOptions {
  /** Called with the space before anything runs in it, so that no log line is missed. */
  onSpace?(space: Space): void
  /** Default true. */
  watch?: boolean
}

/**
 * Starts a space and serves it.
 * @throws LocalError when the project, the data folder or the address cannot be used; nothing is left running then
 */
export async function startDevServer(
  options: SpaceOptions,
  { onSpace, watch = true }: DevServerOptions = {},
): Promise<DevServer> {
  const since = Date.now()
  const space = await createSpace(options)
  onSpace?.(space)
  // MongoDB clients do not wait for a function to use the database first.
  if (options.dbPort !== undefined) await openDatabaseOf(space)
  else if (/^mongod/.test(options.database)) reportUnreachable(space)
  else if (options.database === 'embedded') await reportInUse(space, path.join(options.data, 'database'))
  const timers = new SpaceTimers(space, options.timers)
  const { storage, clientStorage, push } = space.services
  let listening: Listening | undefined
  const sandbox = options.sandbox ? createPaymentSandbox(space, { token: () => listening?.token }) : undefined
  const gateway = createGateway(space, {
    triggers: timers,
    storage,
    channels: push,
    client: { storage: clientStorage },
    ...(sandbox ? { sandbox } : {}),
  })
  try {
    listening = await gateway.listen()
  } catch (error) {
    timers[Symbol.dispose]()
    await space.close()
    throw error
  }
  sandbox?.resume()
  // Answering comes first: watching a large project takes longer than starting to serve it.
  const watching = watch ? HotReload.start(space, since) : undefined
  return {
    space,
    timers,
    listening,
    close: async (graceMs = 5000) => {
      const end = performance.now() + graceMs
      timers[Symbol.dispose]()
      await (await watching)?.[Symbol.asyncDispose]()
      // Together: what the sandbox is sending now goes to the gateway.
      await Promise.all([gateway.close(graceMs), sandbox?.close()])
      await space.close({ graceMs: Math.max(0, end - performance.now()) })
    },
  }
}

// internals

async function openDatabaseOf(space: Space): Promise<void> {
  try {
    await space.database()
  } catch (error) {
    await space.close()
    throw error
  }
}

/** A server that cannot be reached is told at the start, not by the first function that times out on it. */
function reportUnreachable(space: Space): void {
  space.database().catch((error: Error & { hint?: string }) => {
    const text = [error.message, error.hint].filter(Boolean).join('; ')
    space.logs.append({ time: space.clock.now(), level: 'error', channel: 'system', text })
  })
}

/** The database opens with its first use; whoever starts a second server should not have to wait for that. */
async function reportInUse(space: Space, directory: string): Promise<void> {
  if (!existsSync(path.join(directory, 'lock'))) return
  const { lockOwner } = await import('../database/engine/store/lock.ts')
  const owner = lockOwner(directory)
  if (!owner) return
  const text =
    `the database folder ${directory} is in use by process ${owner.pid}: functions that use the database fail until ` +
    'it ends; stop it, or give this server a folder of its own with --data'
  space.logs.append({ time: space.clock.now(), level: 'warn', channel: 'system', text })
}
