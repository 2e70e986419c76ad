/** Where a space's keys are kept: made once, or the published ones of the vectors when asked for. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { replaceFile } from '../core/document-store.ts'
import { parseJson } from '../core/json.ts'
import { type KeyMaterial, readKeyMaterial, writeKeyMaterial } from './key-material.ts'

/** `space`: of this space alone. `vectors`: published throwaway keys, the same everywhere. */
export type Seed = 'space' | 'vectors'

/**
 * @param directory of the sandbox; the keys lie in `keys.json`, readable by the owner only
 * @param now from when new certificates are valid
 * @throws LocalError DATA_UNUSABLE when the file is damaged
 */
export async function loadKeys(directory: string, seed: Seed, now: number): Promise<KeyMaterial> {
  if (seed === 'vectors') return vectorKeys()
  const file = path.join(directory, 'keys.json')
  if (existsSync(file)) return readKeyMaterial(parseJson(await readFile(file, 'utf8')), file)
  const { makeKeys } = await import('./make-keys.ts')
  const material = await makeKeys(now)
  await replaceFile(file, writeKeyMaterial(material), 0o600)
  return material
}

// internals

async function vectorKeys(): Promise<KeyMaterial> {
  const { default: published } = await import('./vector-keys.json', { with: { type: 'json' } })
  return readKeyMaterial(published, 'vector-keys.json')
}
