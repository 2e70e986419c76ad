/** Keys are parsed once, yet files are believed as they are now. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { privateKeyOf } from '../../common/uni-pay/key-files.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'key-files-'))
const file = path.join(folder, 'apiclient_key.pem')
const source = { provider: 'wxpay-v3', name: 'appPrivateKey', path: file } as const
afterAll(() => rmSync(folder, { recursive: true }))

const newKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
const exported = (): string => privateKeyOf(source).export({ type: 'pkcs8', format: 'pem' }).toString()

it('the same file gives the same key, without parsing it again', () => {
  writeFileSync(file, newKey())
  expect(privateKeyOf(source)).toBe(privateKeyOf(source))
})

it('a file that was replaced counts at once', () => {
  const [former, next] = [newKey(), newKey()]
  writeFileSync(file, former)
  expect(exported()).toBe(former)
  writeFileSync(file, next)
  expect(exported()).toBe(next)
})

it('what is no key is refused every time, and read again when it has become one', () => {
  writeFileSync(file, 'no key')
  expect(() => privateKeyOf(source)).toThrow('does not hold a private key')
  expect(() => privateKeyOf(source)).toThrow('does not hold a private key')
  const key = newKey()
  writeFileSync(file, key)
  expect(exported()).toBe(key)
})

it('a text is read anew as another kind of key', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const content = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  const read = (form: 'pkcs8' | 'pkcs1') => privateKeyOf({ ...source, content }, form).asymmetricKeyType
  expect([read('pkcs8'), read('pkcs1')]).toEqual(['rsa', 'rsa'])
})
