/** `unicloud-local db shell` */
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import path from 'node:path'
import { servingOwner } from '../../database/tools/open-place.ts'
import { LocalError } from '../../errors/errors.ts'
import type { Flags } from '../space-options.ts'
import { type DatabaseTarget, databaseTarget, openTarget } from './context.ts'
import { note, say } from './print.ts'

/**
 * Starts mongosh on the database, or says where the database can be reached.
 * @param args handed on to mongosh
 */
export async function shellCommand(args: string[], flags: Flags): Promise<void> {
  const target = await databaseTarget(flags)
  await using door = await openDoor(target, flags)
  const { shownUri } = await import('../../database/driver/address.ts')
  const shown = door.secret ? shownUri(door.uri) : door.uri
  const program = findProgram('mongosh')
  if (flags.uri || !program) {
    say(shown)
    if (!flags.uri) note(howToInstall)
    if (door.ours) await waitForEnd()
    return
  }
  note(`mongosh on ${shown}`)
  process.exitCode = await run(program, [door.uri, ...args])
}

// internals

const howToInstall =
  'mongosh is not installed (npm install --global mongosh, or https://www.mongodb.com/docs/mongodb-shell/install); any other MongoDB client can use the address above'

/** Where the database can be reached, for as long as this lasts. */
interface Door extends AsyncDisposable {
  uri: string
  /** The string may hold a password. */
  secret: boolean
  /** The door is closed when we end. */
  ours: boolean
}

async function openDoor(target: DatabaseTarget, flags: Flags): Promise<Door> {
  const { options, directory, name } = target
  if (/^mongodb(\+srv)?:\/\//.test(options.database)) {
    return { uri: withDatabase(options.database, name), secret: true, ours: false, ...nothingToClose }
  }
  if (options.database === 'embedded') {
    const owner = await servingOwner(directory)
    if (owner) return { uri: withDatabase(owner.uri, name), secret: false, ours: false, ...nothingToClose }
  }
  const place = await openTarget(target)
  if (!place.engine) {
    const { uri } = place.database.describe()
    return {
      uri: withDatabase(uri ?? '', name),
      secret: true,
      ours: true,
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    }
  }
  return serve(place.engine, place, portOf(flags), name)
}

const nothingToClose = { [Symbol.asyncDispose]: async () => {} }

async function serve(
  engine: import('../../database/engine/engine.ts').EmbeddedDatabase,
  place: AsyncDisposable,
  port: number,
  name: string,
): Promise<Door> {
  const { startWireServer } = await import('../../database/wire/wire-server.ts')
  try {
    // What it would warn of are commands of clients that only look around, mongosh first of all.
    const server = await startWireServer(engine, { port })
    const uri = server.uris[0]!
    engine.announce(uri)
    const close = async (): Promise<void> => {
      await server.close()
      await place[Symbol.asyncDispose]()
    }
    return { uri: withDatabase(uri, name), secret: false, ours: true, [Symbol.asyncDispose]: close }
  } catch (error) {
    await place[Symbol.asyncDispose]()
    throw error
  }
}

function portOf({ port }: Flags): number {
  const number = port === undefined ? 0 : Number(port)
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number
  throw new LocalError(
    'USAGE',
    `--port is ${JSON.stringify(port)}: a whole number from 0 to 65535 is allowed`,
  )
}

/** The same server, with the space's database as the one to begin with. */
function withDatabase(uri: string, name: string): string {
  const [, head = uri, , query = ''] = /^([a-z+]+:\/\/[^/?]+)(\/[^?]*)?(\?.*)?$/i.exec(uri) ?? []
  return `${head}/${encodeURIComponent(name)}${query}`
}

/** Looked for as a shell would. */
function findProgram(name: string): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : ['']
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const ending of endings) {
      const file = path.join(folder, `${name}${ending}`)
      if (folder !== '' && statSync(file, { throwIfNoEntry: false })?.isFile()) return file
    }
  }
  return undefined
}

/** Ctrl-C belongs to the shell while it runs. */
async function run(program: string, args: readonly string[]): Promise<number> {
  const ignore = (): void => {}
  process.on('SIGINT', ignore)
  const child = spawn(program, args, { stdio: 'inherit', shell: program.endsWith('.cmd') })
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve(code ?? 1))
    })
  } finally {
    process.off('SIGINT', ignore)
  }
}

async function waitForEnd(): Promise<void> {
  note('serving until Ctrl-C')
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
