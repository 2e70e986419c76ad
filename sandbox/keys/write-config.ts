/** Puts the sandbox's uni-pay configuration into a project (`unicloud-local sandbox keys`). */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { LocalError } from '../../errors/errors.ts'
import { replaceFile } from '../core/document-store.ts'
import { configText, type UniPayConfig } from './uni-pay-config.ts'

/**
 * @param folder of the configuration, e.g. `…/common/uni-config-center/uni-pay`
 * @returns the files written, relative to the folder
 * @throws LocalError USAGE when one of them, or another configuration, is there already; nothing is written then
 */
export async function writeUniPayConfig(folder: string, config: UniPayConfig): Promise<string[]> {
  const names = ['config.js', 'config.json', ...Object.keys(config.files)]
  const present = names.map((name) => path.join(folder, name)).find((file) => existsSync(file))
  if (present !== undefined) {
    throw new LocalError('USAGE', 'there is a uni-pay configuration already; nothing was written', {
      where: { file: present },
      hint: 'it may hold your real merchant: move it away, or choose another folder with --out',
    })
  }
  for (const [name, content] of Object.entries(config.files)) {
    const bytes = Buffer.from(content, name.endsWith('.p12') ? 'base64' : 'utf8')
    await replaceFile(path.join(folder, name), bytes, 0o600)
  }
  await replaceFile(path.join(folder, 'config.js'), configText(config))
  return ['config.js', ...Object.keys(config.files)]
}
