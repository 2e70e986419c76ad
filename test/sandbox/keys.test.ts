import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { loadKeys } from '../../sandbox/keys/key-keeper.ts'
import { openKeyRing } from '../../sandbox/keys/key-ring.ts'
import { uniPayConfig } from '../../sandbox/keys/uni-pay-config.ts'
import { writeUniPayConfig } from '../../sandbox/keys/write-config.ts'

const now = Date.parse('2026-03-01T00:00:00Z')

async function folder(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'sandbox-keys-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test('keys are made once per space, for its owner only, and every certificate fits its key', async () => {
  const directory = await folder()
  const made = await loadKeys(directory, 'space', now)
  expect(await loadKeys(directory, 'space', now)).toEqual(made)
  expect((await stat(path.join(directory, 'keys.json'))).mode & 0o077).toBe(0)

  const { keys, constants } = made
  const ring = openKeyRing(made)
  const merchant = new X509Certificate(keys.wechat_merchant_cert)
  expect(merchant.serialNumber).toBe(constants.wechat.merchant_serial)
  expect(new X509Certificate(keys.wechat_platform_cert).checkPrivateKey(ring.wechat.platform.key)).toBe(true)
  expect(new X509Certificate(keys.alipay_platform_cert).checkPrivateKey(ring.alipay.platformKey)).toBe(true)
  expect(ring.alipay.rootCertSn).toMatch(/^[0-9a-f]{32}_[0-9a-f]{32}$/)
  const [leaf, intermediate, root] = ring.apple.chain.map(
    (der) => new X509Certificate(Buffer.from(der, 'base64')),
  )
  expect(leaf?.verify(intermediate!.publicKey)).toBe(true)
  expect(intermediate?.verify(root!.publicKey)).toBe(true)
  expect(Date.parse(merchant.validFrom)).toBeLessThan(now)
  // Node reads the merchant's p12 with its number as the passphrase.
  tls.createSecureContext({
    pfx: Buffer.from(keys.wechat_merchant_p12_base64, 'base64'),
    passphrase: constants.wechat.mchid,
  })
})

test('another space has other keys', async () => {
  const one = await loadKeys(await folder(), 'space', now)
  const other = await loadKeys(await folder(), 'space', now)
  expect(other.constants.wechat.mchid).not.toBe(one.constants.wechat.mchid)
  expect(other.keys.alipay_app_private_pkcs8).not.toBe(one.keys.alipay_app_private_pkcs8)
})

test('a damaged key file is refused with what is missing and how to mend it', async () => {
  const directory = await folder()
  await writeFile(path.join(directory, 'keys.json'), '{"constants":{},"keys":{}}')
  await expect(loadKeys(directory, 'space', now)).rejects.toMatchObject({
    code: 'DATA_UNUSABLE',
    message: expect.stringContaining('constants.wechat.appid'),
    hint: expect.stringContaining('delete the file'),
  })
})

test('the configuration loads as CommonJS and reads the files it names', async () => {
  const directory = await folder()
  const config = uniPayConfig(await loadKeys(directory, 'vectors', now), 'http://127.0.0.1:7100/uni-pay-co')
  const target = path.join(directory, 'uni-pay')
  await writeUniPayConfig(target, config)
  const loaded = createRequire(import.meta.url)(path.join(target, 'config.js'))
  expect(loaded.notifyUrl.default).toBe('http://127.0.0.1:7100/uni-pay-co')
  expect(Object.keys(loaded)).toEqual(Object.keys(config.config))
  expect(Buffer.isBuffer(loaded.wxpay.mp.pfx)).toBe(true)
  expect(await readFile(loaded.wxpay.mp.appPrivateKeyPath, 'utf8')).toContain('BEGIN PRIVATE KEY')
  expect(new X509Certificate(await readFile(loaded.alipay.native.appCertPath)).subject).toContain('2021')
  expect(loaded.alipay.mp.privateKey).toBe(config.config.alipay && loaded.alipay.app.privateKey)

  await expect(writeUniPayConfig(target, config)).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('--out'),
  })
  await rm(path.join(target, 'config.js'))
  // Key files alone may be real ones, too.
  await expect(writeUniPayConfig(target, config)).rejects.toMatchObject({ code: 'USAGE' })
})
