/** Where a space's keys are kept: made once, or the published ones of the vectors when asked for. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { replaceFile } from '../core/document-store.ts'
import { parseJson } from '../core/json.ts'
import { unusable } from '../core/unusable.ts'
import { type KeyMaterial, readKeyMaterial, writeKeyMaterial } from './key-material.ts'

/** `space`: of this space alone. `vectors`: published throwaway keys, the same everywhere. */
export type Seed = 'space' | 'vectors'

/**
 * @param directory of the sandbox; the keys lie in `keys.json`, readable by the owner only
 * @param now from when new certificates are valid
 * @throws LocalError DATA_UNUSABLE when the file is damaged, or cannot be read or written
 */
export async function loadKeys(directory: string, seed: Seed, now: number): Promise<KeyMaterial> {
  if (seed === 'vectors') return vectorKeys()
  const file = keysFile(directory)
  const text = await readKept(file)
  if (text !== undefined) return readKeyMaterial(parseJson(text), file)
  const { makeKeys } = await import('./make-keys.ts')
  const material = await makeKeys(now)
  await replaceFile(file, writeKeyMaterial(material), 0o600).catch((error: unknown) => {
    throw unusable('the sandbox cannot write its keys', file, error)
  })
  return material
}

export function keysFile(directory: string): string {
  return path.join(directory, 'keys.json')
}

// internals

/** @returns undefined when there are none yet @throws LocalError DATA_UNUSABLE */
async function readKept(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable('the sandbox cannot read its keys', file, error)
  }
}

async function vectorKeys(): Promise<KeyMaterial> {
  const { default: published } = await import('./vector-keys.json', { with: { type: 'json' } })
  return readKeyMaterial(published, 'vector-keys.json')
}
