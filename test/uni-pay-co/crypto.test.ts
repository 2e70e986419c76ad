/** `libs/crypto` against the published vectors. */
import { describe, expect, it } from 'vitest'
import { aes } from '../../cloudobjects/uni-pay-co/libs/crypto.ts'
import { vector } from '../uni-pay/material.ts'

describe.each([
  ['notifykey-aes192', 'aes192', 'encrypted_hex'],
  ['notifykey-aes256ecb', 'aes-256-ecb', 'encrypted_base64'],
] as const)('%s', (id, mode, member) => {
  const { input, expected } = vector(id)
  const key = String(input.notify_key)

  it('encrypts and decrypts', () => {
    const data = JSON.parse(String(input.plaintext)) as object
    expect(aes.encrypt({ data, key, mode })).toBe(expected[member])
    expect(aes.decrypt({ data: expected[member], key, mode })).toEqual(data)
    const text = aes.encrypt({ data: '12', key, mode })
    expect(aes.decrypt({ data: text, key, mode })).toBe('12')
  })

  it.each([
    ['', '待解密原文不能为空'],
    ['zz', '解密失败'],
  ])('refuses %j', (data, text) => {
    let thrown: unknown
    try {
      aes.decrypt({ data, key, mode })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBe(text)
  })
})
