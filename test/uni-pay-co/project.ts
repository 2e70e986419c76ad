/** A project that takes payments: its configuration, and callbacks that leave traces. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readKeyMaterial } from '../../sandbox/keys/key-material.ts'
import { configText, uniPayConfig } from '../../sandbox/keys/uni-pay-config.ts'
import published from '../../sandbox/keys/vector-keys.json' with { type: 'json' }

export const material = readKeyMaterial(published, 'vector-keys.json')
export const tokenSecret = 'test-secret'

/** Where the platforms of the tests report to; the sandbox sends it to the space (`notifyRewrite`). */
export const notifyOrigin = 'http://pay.test'

export interface Project {
  folder: string
  /** Of uni-pay's configuration. */
  config: string
  remove(): Promise<void>
}

/**
 * @param change of the text of config.js
 * @param files path below `cloudfunctions/` -> content
 */
export async function paymentProject(
  change: (config: string) => string = (config) => config,
  files: Record<string, string> = {},
): Promise<Project> {
  const folder = await mkdtemp(path.join(tmpdir(), 'uni-pay-co-'))
  const center = 'common/uni-config-center'
  const { config, files: keys } = uniPayConfig(material, `${notifyOrigin}/uni-pay-co`)
  const all: Record<string, string | Buffer> = {
    [`${center}/uni-pay/config.js`]: change(configText({ config, files: keys })),
    [`${center}/uni-id/config.json`]: JSON.stringify({
      passwordSecret: 'p',
      tokenSecret,
      tokenExpiresIn: 7200,
      tokenExpiresThreshold: 600,
    }),
    ...Object.fromEntries(
      Object.entries(callbacks).map(([name, text]) => [`${center}/uni-pay/notify/${name}`, text]),
    ),
    ...Object.fromEntries(
      Object.entries(keys).map(([name, text]) => [
        `${center}/uni-pay/${name}`,
        Buffer.from(text, name.endsWith('.p12') ? 'base64' : 'utf8'),
      ]),
    ),
    ...files,
  }
  for (const [name, content] of Object.entries(all)) {
    const file = path.join(folder, 'uniCloud-aliyun', 'cloudfunctions', name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, content)
  }
  return {
    folder,
    config: path.join(folder, 'uniCloud-aliyun', 'cloudfunctions', center, 'uni-pay'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

// internals

const trace = `await uniCloud.database().collection('test-callbacks').add({
    out_trade_no: data.out_trade_no, total_fee: data.total_fee, status: data.status, state: verifyResult.tradeState })`

/** Each adds a row to `test-callbacks` first. */
const callbacks = {
  'count.js': `module.exports = async ({ data, verifyResult }) => { ${trace}; return true }`,
  'typed.ts': `export default async ({ data, verifyResult }: { data: Record<string, unknown>; verifyResult: Record<string, unknown> }): Promise<boolean> => { ${trace}; return true }`,
  'no.js': `module.exports = async ({ data, verifyResult }) => { ${trace}; return false }`,
  'boom.js': `module.exports = async ({ data, verifyResult }) => { ${trace}; throw new Error('no stock') }`,
  // As long as the order says.
  'slow.js': `module.exports = async ({ data, verifyResult }) => { ${trace}; await new Promise((done) => setTimeout(done, data.custom?.ms ?? 1500)); return true }`,
  // Takes its whole instance along, the first time.
  'crash.js': `module.exports = async ({ data, verifyResult }) => {
    ${trace}
    const { total } = await uniCloud.database().collection('test-callbacks').count()
    if (total === 1) process.exit(1)
    return true }`,
  // Takes it along every time.
  'killer.js': `module.exports = async ({ data, verifyResult }) => { ${trace}; process.exit(1) }`,
  'crypt.js': `module.exports = async ({ data, libs, cloudInfo, clientInfo }) => {
    const { aes } = libs.crypto
    const opened = aes.decrypt({ data: aes.encrypt({ data: { a: 1 } }) })
    return opened.a === 1 && cloudInfo.functionName === 'uni-pay-co' && clientInfo.source === 'http' }`,
}
