/** `unicloud-local sandbox keys`: the space's own merchants, and a uni-pay configuration for them. */
import path from 'node:path'
import { builtinRoots } from '../../runtime/package-info.ts'
import { sandboxFolder, seedOf, usualUrl } from '../../runtime/payment-sandbox.ts'
import type { Manifest } from '../../runtime/project/manifest.ts'
import { loadKeys } from '../../sandbox/keys/key-keeper.ts'
import { uniPayConfig } from '../../sandbox/keys/uni-pay-config.ts'
import { writeUniPayConfig } from '../../sandbox/keys/write-config.ts'
import { type Flags, spaceOptions } from '../space-options.ts'

/** @throws LocalError USAGE when there is a configuration already */
export async function keysCommand(flags: Flags): Promise<void> {
  const options = await spaceOptions(flags)
  const folder = flags.out === undefined ? await configFolder(options) : path.resolve(String(flags.out))
  const material = await loadKeys(sandboxFolder(options), seedOf(options), Date.now())
  const written = await writeUniPayConfig(folder, uniPayConfig(material, `${usualUrl(options)}/uni-pay-co`))
  const shown = path.relative(process.cwd(), folder)
  process.stdout.write(`${written.map((name) => path.join(shown, name)).join('\n')}\n`)
  process.stderr.write(
    'Merchants of WeChat Pay, Alipay, Apple and Huawei that exist on this machine only. ' +
      'With "unicloud-local dev" uni-pay uses them at once.\n',
  )
}

// internals

/** Where the official plug-ins keep it, or where a project of its own would. */
async function configFolder(options: Awaited<ReturnType<typeof spaceOptions>>): Promise<string> {
  const { readProject } = await import('../../runtime/project/read.ts')
  const manifest = await readProject({ ...options, builtinRoots })
  return path.join(configCenter(manifest), 'uni-pay')
}

function configCenter(manifest: Manifest): string {
  const center = manifest.modules['uni-config-center']
  // An overlay is merged from several; it is made anew at each start.
  const folders = center?.sources ?? (center ? [center.dir] : [])
  const own = folders.find((folder) => folder.startsWith(manifest.root + path.sep))
  if (own !== undefined) return own
  return path.join(manifest.cloudRoots[0] ?? manifest.root, 'cloudfunctions', 'common', 'uni-config-center')
}
