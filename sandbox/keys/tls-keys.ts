/** The certificate that the sandbox's TLS server shows: for the platforms' own hosts, from an authority of this space. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { replaceFile } from '../core/document-store.ts'
import { unusable } from '../core/unusable.ts'
import { platformHosts } from '../hosts.ts'
import { type Distinguished, makeCertificate } from './certificate.ts'

export interface TlsKeys {
  /** PEM; clients that are to trust the sandbox are given its file (`NODE_EXTRA_CA_CERTS`). */
  authority: string
  authorityFile: string
  certificate: string
  key: string
}

/**
 * @param directory of the sandbox; made once, below `tls/`
 * @throws LocalError DATA_UNUSABLE when they cannot be read or written
 */
export async function loadTlsKeys(directory: string, now: number): Promise<TlsKeys> {
  try {
    return await readTlsKeys(directory, now)
  } catch (error) {
    throw unusable('the sandbox cannot read or write its TLS keys', path.join(directory, 'tls'), error)
  }
}

// internals

async function readTlsKeys(directory: string, now: number): Promise<TlsKeys> {
  const file = (name: string): string => path.join(directory, 'tls', name)
  const names = ['ca.pem', 'server.pem', 'server.key'] as const
  if (!names.every((name) => existsSync(file(name)))) {
    const made = makeTlsKeys(now)
    await replaceFile(file('ca.pem'), made.authority)
    await replaceFile(file('server.pem'), made.certificate)
    await replaceFile(file('server.key'), made.key, 0o600)
  }
  const [authority, certificate, key] = await Promise.all(names.map((name) => readFile(file(name), 'utf8')))
  return {
    authority: authority ?? '',
    authorityFile: file('ca.pem'),
    certificate: certificate ?? '',
    key: key ?? '',
  }
}

const DAY = 24 * 3600_000

function makeTlsKeys(now: number): Omit<TlsKeys, 'authorityFile'> {
  const valid = { validFrom: new Date(now - DAY), validTo: new Date(now + 10 * 365 * DAY) }
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const subject: Distinguished = [
    ['O', 'unicloud-local'],
    ['CN', 'Payment sandbox authority'],
  ]
  const pem = String(server.export({ type: 'pkcs8', format: 'pem' }))
  return {
    authority: makeCertificate({ subject, key: authority, serial: '01', authority: true, ...valid }),
    certificate: makeCertificate({
      subject: [
        ['O', 'unicloud-local'],
        ['CN', 'Payment sandbox'],
      ],
      key: createPrivateKey(pem),
      issuer: { subject, key: authority },
      serial: '02',
      hosts: ['localhost', '127.0.0.1', ...platformHosts],
      ...valid,
    }),
    key: pem,
  }
}
