/** `unicloud-local dev`: serve, print, reload, and stop cleanly. */
import inspector from 'node:inspector'
import type { SpaceOptions } from '../runtime/config/options.ts'
import { type DevServer, startDevServer } from '../runtime/dev-server.ts'
import { ConfigChanges } from './config-changes.ts'
import { leaveLeftovers } from './leftovers.ts'
import { printFailure } from './print/failure.ts'
import { followLogs } from './print/follow-logs.ts'
import { printProblems } from './print/problems.ts'
import { printRemark } from './print/remark.ts'
import { printSummary } from './print/summary.ts'
import { keepHeapsSmall } from './small-heaps.ts'
import { configFolder, type Flags, spaceOptions } from './space-options.ts'

/** Runs until SIGINT or SIGTERM; a changed configuration file starts the space anew on the same port. */
export async function dev(flags: Flags): Promise<void> {
  const stop = stopSignal()
  using changes = new ConfigChanges(configFolder(flags))
  let options: SpaceOptions | undefined = await devOptions(flags)
  let { isolation } = options
  let port: number | undefined
  while (options) {
    const server =
      port === undefined ? await start(options, flags) : await restart({ ...options, port }, flags)
    if (port === undefined && server) {
      process.stdout.write(`ready ${server.listening.url}\n`)
      port = server.listening.port
      keepHeapsSmall()
    }
    // Nothing else keeps the process while nothing is served.
    const waiting = server ? undefined : setInterval(() => {}, 60_000)
    options = await Promise.race([stop.then(() => undefined), nextOptions(changes, flags)])
    clearInterval(waiting)
    await server?.close()
    if (options?.isolation === 'in-process') isolation = options.isolation
  }
  leaveLeftovers({ isolation })
}

// internals

/** A project that pays should reach nobody real while it is developed. */
function devOptions(flags: Flags): Promise<SpaceOptions> {
  return spaceOptions(flags, {}, { sandbox: true })
}

async function start(options: SpaceOptions, flags: Flags): Promise<DevServer> {
  const json = flags.json === true
  let following: Disposable | undefined
  const server = await startDevServer(options, {
    onSpace: (space) => {
      printProblems(space.manifest, { json })
      following = followLogs(space.logs, { json, requestLog: options.requestLog })
    },
  })
  if (!json) printSummary(server)
  const close = async (): Promise<void> => {
    const patience = setTimeout(() => tell('finishing running calls; Ctrl-C again stops at once', json), 300)
    await server.close()
    clearTimeout(patience)
    following?.[Symbol.dispose]()
  }
  return { ...server, close }
}

/** What the changed configuration asks for may be impossible; the next change can mend that. */
async function restart(options: SpaceOptions, flags: Flags): Promise<DevServer | undefined> {
  try {
    return await start(options, flags)
  } catch (error) {
    printFailure(error, flags.json === true)
    tell('not serving; waiting for another change of the configuration', flags.json === true)
    return undefined
  }
}

function tell(text: string, json: boolean): void {
  printRemark({ level: 'info', shown: text, text }, json)
}

/** Resolves with fresh options once a changed configuration file can be used; a broken one is reported and waited on. */
async function nextOptions(changes: ConfigChanges, flags: Flags): Promise<SpaceOptions> {
  for (;;) {
    await changes.next()
    try {
      const options = await devOptions(flags)
      tell('configuration changed; starting again', flags.json === true)
      return options
    } catch (error) {
      printFailure(error, flags.json === true)
    }
  }
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const handle = (signal: NodeJS.Signals): void => {
      if (asked) stopAtOnce(signal)
      asked = true
      resolve()
    }
    process.on('SIGINT', handle)
    process.on('SIGTERM', handle)
  })
}

function stopAtOnce(signal: NodeJS.Signals): void {
  if (inspector.url() !== undefined) {
    // An orderly exit would wait for threads at a breakpoint; any exit, until the debugger has gone.
    inspector.close()
    process.kill(process.pid, 'SIGKILL')
  }
  process.exit(signal === 'SIGINT' ? 130 : 143)
}
