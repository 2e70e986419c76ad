import { expect } from 'vitest'
import {
  decryptWithNotifyKey,
  encryptWithNotifyKey,
  type NotifyKeyMode,
  passwordKey,
} from '../../../common/uni-pay/notify-key.ts'
import type { Vector } from '../material.ts'
import type { Check } from './check.ts'

export const notifyKey: Record<string, Check> = {
  'notifykey-aes192': (vector) => {
    const { key, iv } = passwordKey(String(vector.input.notify_key))
    expect(key.toString('hex')).toBe(vector.expected.key_hex)
    expect(iv.toString('hex')).toBe(vector.expected.iv_hex)
    bothWays(vector, 'aes192', vector.expected.encrypted_hex)
  },

  'notifykey-aes256ecb': (vector) => bothWays(vector, 'aes-256-ecb', vector.expected.encrypted_base64),
}

// internals

function bothWays({ input }: Vector, mode: NotifyKeyMode, sealed: unknown): void {
  const [text, key] = [String(input.plaintext), String(input.notify_key)]
  expect(encryptWithNotifyKey(text, key, mode)).toBe(sealed)
  expect(decryptWithNotifyKey(String(sealed), key, mode)).toBe(text)
  if (mode === 'aes192') expect(encryptWithNotifyKey(text, key)).toBe(sealed)
}
