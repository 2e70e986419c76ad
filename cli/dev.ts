/** `unicloud-local dev`: serve, print, reload, and stop cleanly. */
import { existsSync, watch } from 'node:fs'
import path from 'node:path'
import { configFileNames } from '../runtime/config/load-file.ts'
import type { SpaceOptions } from '../runtime/config/options.ts'
import { type DevServer, startDevServer } from '../runtime/dev-server.ts'
import { printFailure } from './print/failure.ts'
import { followLogs } from './print/follow-logs.ts'
import { printProblems } from './print/problems.ts'
import { printSummary } from './print/summary.ts'
import { keepHeapsSmall } from './small-heaps.ts'
import { type Flags, spaceOptions } from './space-options.ts'

/** Runs until SIGINT or SIGTERM; a changed configuration file starts the space anew on the same port. */
export async function dev(flags: Flags): Promise<void> {
  const stop = stopSignal()
  let options: SpaceOptions | undefined = await devOptions(flags)
  let port: number | undefined
  while (options) {
    const server = await start(port === undefined ? options : { ...options, port }, flags)
    if (port === undefined) {
      process.stdout.write(`ready ${server.listening.url}\n`)
      keepHeapsSmall()
    }
    port = server.listening.port
    options = await Promise.race([stop.then(() => undefined), nextOptions(flags, server.space.manifest.root)])
    await server.close()
  }
}

// internals

/** A project that pays should reach nobody real while it is developed. */
function devOptions(flags: Flags): Promise<SpaceOptions> {
  return spaceOptions(flags, {}, { sandbox: true })
}

async function start(options: SpaceOptions, flags: Flags): Promise<DevServer> {
  let following: Disposable | undefined
  const server = await startDevServer(options, {
    onSpace: (space) => {
      printProblems(space.manifest)
      following = followLogs(space.logs, { json: flags.json === true, requestLog: options.requestLog })
    },
  })
  if (!flags.json) printSummary(server)
  const close = async (): Promise<void> => {
    await server.close()
    following?.[Symbol.dispose]()
  }
  return { ...server, close }
}

/** Resolves with fresh options once a changed configuration file can be used; a broken one is reported and waited on. */
async function nextOptions(flags: Flags, root: string): Promise<SpaceOptions> {
  for (;;) {
    await configChange(root)
    try {
      const options = await devOptions(flags)
      process.stderr.write('configuration changed; starting again\n')
      return options
    } catch (error) {
      printFailure(error)
    }
  }
}

/** One change of a configuration file, present or new. */
async function configChange(root: string): Promise<void> {
  if (!existsSync(root)) return await new Promise(() => {})
  await new Promise<void>((resolve) => {
    const watcher = watch(root, { persistent: false }, (_event, file) => {
      if (file === null || !configFileNames.includes(path.basename(file))) return
      watcher.close()
      // Editors write in several steps; the last one counts.
      setTimeout(resolve, 50)
    })
  })
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const handle = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(signal === 'SIGINT' ? 130 : 143)
      asked = true
      resolve()
    }
    process.on('SIGINT', handle)
    process.on('SIGTERM', handle)
  })
}
