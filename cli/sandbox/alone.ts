/** `unicloud-local sandbox`: the payment platforms alone. */
import { mkdirSync } from 'node:fs'
import { AdjustableClock } from '../../clock/adjustable-clock.ts'
import { LocalError } from '../../errors/errors.ts'
import { sandboxFolder, seedOf } from '../../runtime/payment-sandbox.ts'
import { mustBeFree } from '../../sandbox/core/folder-lock.ts'
import { unusable } from '../../sandbox/core/unusable.ts'
import { loadTlsKeys } from '../../sandbox/keys/tls-keys.ts'
import { createSandbox, MOUNT } from '../../sandbox/sandbox.ts'
import { listenSandbox } from '../../sandbox/server.ts'
import { type Flags, spaceOptions } from '../space-options.ts'

/** Runs until SIGINT or SIGTERM. */
export async function aloneCommand(flags: Flags): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  const { host, port, tlsPort, ...rest } = flags
  const options = await spaceOptions(rest)
  const directory = sandboxFolder(options)
  makeFolder(directory)
  mustBeFree(directory)
  const clock = new AdjustableClock()
  let url = ''
  const sandbox = createSandbox({
    directory,
    clock,
    log: ({ level, text }) => void process.stderr.write(`${level.padEnd(5)} ${text}\n`),
    publicUrl: () => url,
    seed: seedOf(options),
  })
  const tls =
    tlsPort === undefined
      ? {}
      : { tls: { port: portOf(tlsPort, '--tls-port'), keys: await loadTlsKeys(directory, clock.now()) } }
  const server = await listenSandbox(sandbox, { host: String(host), port: portOf(port, '--port'), ...tls })
  url = server.url
  if ('tls' in tls) {
    process.stderr.write(
      `TLS at ${server.tlsUrl}; clients trust it with NODE_EXTRA_CA_CERTS=${tls.tls.keys.authorityFile}\n`,
    )
  }
  process.stderr.write(`Orders and notifications: ${url}${MOUNT}/\n`)
  process.stdout.write(`ready ${url}\n`)
  await ended
  await server.close()
  await sandbox.close()
}

// internals

function makeFolder(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw unusable('the sandbox can keep nothing there', directory, error)
  }
}

function portOf(value: unknown, flag: string): number {
  const port = Number(value)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new LocalError(
    'USAGE',
    `${flag} is ${JSON.stringify(value)}: a whole number from 0 to 65535 is allowed`,
  )
}
