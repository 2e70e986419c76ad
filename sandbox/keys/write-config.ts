/** Puts the sandbox's uni-pay configuration into a project (`unicloud-local sandbox keys`). */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { LocalError } from '../../errors/errors.ts'
import { replaceFile } from '../core/document-store.ts'
import { configText, type UniPayConfig } from './uni-pay-config.ts'

/**
 * @param folder of the configuration, e.g. `…/common/uni-config-center/uni-pay`
 * @param overwrite replaces a configuration that is there
 * @returns the files written, relative to the folder
 * @throws LocalError USAGE when there is one already
 */
export async function writeUniPayConfig(
  folder: string,
  config: UniPayConfig,
  overwrite = false,
): Promise<string[]> {
  const file = path.join(folder, 'config.js')
  if (existsSync(file) && !overwrite) {
    throw new LocalError('USAGE', 'there is a uni-pay configuration already', {
      where: { file },
      hint: 'it may hold your real merchant: move it away, choose another folder with --out, or overwrite it with --force',
    })
  }
  for (const [name, content] of Object.entries(config.files)) {
    const bytes = Buffer.from(content, name.endsWith('.p12') ? 'base64' : 'utf8')
    await replaceFile(path.join(folder, name), bytes, 0o600)
  }
  await replaceFile(file, configText(config))
  return ['config.js', ...Object.keys(config.files)]
}
