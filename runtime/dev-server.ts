/** A space with its faces: timers, HTTP and hot reload. What `dev` runs, without the terminal. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { SpaceOptions } from './config/options.ts'
import { formatPlace } from './errors.ts'
import { createGateway, type Listening } from './gateway/server.ts'
import { NewProblems } from './new-problems.ts'
import { createPaymentSandbox } from './payment-sandbox.ts'
import type { ProjectProblem } from './project/manifest.ts'
import { createSpace } from './space.ts'
import type { Space, SpaceControl } from './space-api.ts'
import { SpaceTimers } from './timers.ts'
import { watchProject } from './watch.ts'

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
  const timers = new SpaceTimers(space, options.timers)
  const { storage, clientStorage } = space.services
  let listening: Listening | undefined
  const sandbox = options.sandbox ? createPaymentSandbox(space, { token: () => listening?.token }) : undefined
  const gateway = createGateway(space, {
    triggers: timers,
    storage,
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
  const watching = watch ? watchFiles(space, since) : undefined
  return {
    space,
    timers,
    listening,
    close: async (graceMs = 5000) => {
      timers[Symbol.dispose]()
      await (await watching)?.[Symbol.asyncDispose]()
      // Together: what the sandbox is sending now goes to the gateway.
      await Promise.all([gateway.close(graceMs), sandbox?.close()])
      await space.close({ graceMs })
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

async function watchFiles(space: Space & SpaceControl, since: number): Promise<AsyncDisposable | undefined> {
  const log = (level: 'info' | 'warn' | 'error', text: string): void =>
    void space.logs.append({ time: space.clock.now(), level, channel: 'system', text })
  const problems = new NewProblems(space.manifest)
  const reload = async (files: string[]): Promise<void> => {
    try {
      const { added, removed, reloaded } = await space.reload(files)
      for (const problem of problems.of(space.manifest)) {
        log(problem.severity === 'error' ? 'error' : 'warn', problemText(problem, space.manifest.root))
      }
      const names = [...new Set([...added, ...reloaded])]
      if (names.length === 0 && removed.length === 0) return
      // Temporary files of editors are gone by now; the one that was saved tells more.
      const first = path.relative(
        space.manifest.root,
        files.find((file) => existsSync(file)) ?? files[0] ?? '',
      )
      const more = files.length > 1 ? ` and ${files.length - 1} more` : ''
      const gone = removed.length > 0 ? `; removed: ${removed.join(', ')}` : ''
      log('info', `${first}${more} changed; reloaded: ${names.join(', ') || 'nothing'}${gone}`)
    } catch (error) {
      log('error', `reload failed: ${(error as Error).message}; the former version keeps serving`)
    }
  }
  try {
    return await watchProject({
      manifest: space.manifest,
      data: space.options.data,
      since,
      onChange: (files) => void reload(files),
      onError: (error) => log('error', `watching files failed: ${error.message}; restart to pick up changes`),
    })
  } catch (error) {
    log('error', `files cannot be watched: ${(error as Error).message}; restart to pick up changes`)
    return undefined
  }
}

function problemText({ message, where, hint }: ProjectProblem, root: string): string {
  const place = where ? ` (${formatPlace({ ...where, file: path.relative(root, where.file) || '.' })})` : ''
  return `${message}${place}${hint ? `\n${hint}` : ''}`
}
