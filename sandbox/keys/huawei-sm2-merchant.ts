/**
 * The second certificate of the Huawei merchant: SM2, where the first is RSA. Its key follows from the first one's, so
 * that spaces made before it existed have it too, and the published merchants have a published one.
 */
import { createHash } from 'node:crypto'
import sm from 'sm-crypto'
import type { KeyMaterial } from './key-material.ts'

export interface Sm2Merchant {
  /** Number of the certificate: by it Huawei knows which algorithm signs. */
  authId: string
  privateHex: string
  /** The point, with its leading `04`. */
  publicHex: string
}

export function sm2Merchant({ constants, keys }: Pick<KeyMaterial, 'constants' | 'keys'>): Sm2Merchant {
  const privateHex = createHash('sha256')
    .update(`SM2 ${keys.huawei_merchant_private_pkcs8}`)
    .digest('hex')
    // Below the order of the curve, which begins with FFFFFFFE.
    .replace(/^../, '7f')
  return {
    authId: `2${constants.huawei.auth_id.slice(1)}`,
    privateHex,
    publicHex: curve.getPublicKeyFromPrivateKey(privateHex),
  }
}

/** Base64 of a PKCS#8 DER, as Huawei's own libraries read it. */
export function sm2Pkcs8({ privateHex, publicHex }: Sm2Merchant): string {
  // version, id-ecPublicKey on sm2p256v1, and an ECPrivateKey with its public half.
  const head = '308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420'
  return Buffer.from(`${head}${privateHex}a144034200${publicHex}`, 'hex').toString('base64')
}

// internals

/** Its type package leaves this one out. */
const curve = sm.sm2 as typeof sm.sm2 & { getPublicKeyFromPrivateKey(privateHex: string): string }
