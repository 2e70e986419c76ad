/**
 * Keys and certificates as merchants have them: the path of a PEM file, or the content as base64 without PEM lines
 * (spec/uni-pay.md §2.2). PEM is accepted wherever content is. No error repeats any of it.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import { configError, type Provider } from './error.ts'
import { sharedKeys } from './parsed-keys.ts'

/** An option pair `<name>Path` and `<name>Content`. */
export interface KeySource {
  provider: Provider
  /** The option's name, for errors. */
  name: string
  path?: string | undefined
  content?: string | Buffer | undefined
}

/**
 * The text behind the option; content wins over a path.
 *
 * @throws UniPayError `CONFIG_ERROR` when the file cannot be read, or is empty
 */
export function keyText({ provider, name, path, content }: KeySource): string {
  const text = content ? String(content) : readFile(provider, `${name}Path`, path ?? '')
  if (text.trim() !== '') return text
  throw configError(provider, path && !content ? `${name}Path: ${path} is empty` : `${name} is empty`)
}

/** @param form DER form of content without PEM lines; the other one is tried as well */
export function privateKeyOf(source: KeySource, form: 'pkcs8' | 'pkcs1' = 'pkcs8'): KeyObject {
  const text = keyText(source)
  if (isPem(text)) return parsed(source, text, 'a private key', () => createPrivateKey(text))
  const key = derOf(text)
  const other = form === 'pkcs8' ? 'pkcs1' : 'pkcs8'
  return parsed(source, text, `a private key (base64 of ${form.toUpperCase()}, or PEM)`, () => {
    try {
      return createPrivateKey({ key, format: 'der', type: form })
    } catch {
      return createPrivateKey({ key, format: 'der', type: other })
    }
  })
}

export function publicKeyOf(source: KeySource): KeyObject {
  const text = keyText(source)
  return parsed(source, text, 'a public key (base64 of the SubjectPublicKeyInfo, or PEM)', () =>
    isPem(text) ? createPublicKey(text) : createPublicKey({ key: derOf(text), format: 'der', type: 'spki' }),
  )
}

export function certificateOf(source: KeySource): X509Certificate {
  const text = keyText(source)
  return parsed(source, text, 'a certificate', () => new X509Certificate(isPem(text) ? text : derOf(text)))
}

// internals

function readFile(provider: Provider, option: string, path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw configError(provider, `${option}: cannot read ${path} (${code})`, error)
  }
}

function parsed<T>(source: KeySource, text: string, what: string, parse: () => T): T {
  const { provider, name, path, content } = source
  try {
    return sharedKeys.get(what, text, parse)
  } catch (error) {
    const { code } = error as { code?: string }
    const place = content ? name : `${name}Path: ${path}`
    throw configError(provider, `${place} does not hold ${what}${code ? ` (${code})` : ''}`)
  }
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ')
}

function derOf(base64: string): Buffer {
  return Buffer.from(base64.replace(/\s/g, ''), 'base64')
}
