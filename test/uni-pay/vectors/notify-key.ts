import { expect } from 'vitest'
import { type AesMode, aes } from '../../../cloudobjects/uni-pay-co/libs/crypto.ts'
import type { Vector } from '../material.ts'
import type { Check } from './check.ts'

/** What callbacks of uni-pay-co encrypt with; it lies there, the vectors lie with the others. */
export const notifyKey: Record<string, Check> = {
  'notifykey-aes192': (vector) => bothWays(vector, 'aes192', vector.expected.encrypted_hex),
  'notifykey-aes256ecb': (vector) => bothWays(vector, 'aes-256-ecb', vector.expected.encrypted_base64),
}

// internals

function bothWays({ input }: Vector, mode: AesMode, sealed: unknown): void {
  const [text, key] = [String(input.plaintext), String(input.notify_key)]
  expect(aes.encrypt({ data: text, key, mode })).toBe(sealed)
  expect(aes.decrypt({ data: sealed, key, mode })).toEqual(JSON.parse(text))
}
