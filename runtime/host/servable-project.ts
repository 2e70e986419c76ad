/** The project of a space, refused when it cannot be served as a whole. */

import { LocalError } from '../../errors/errors.ts'
import type { SpaceOptions } from '../config/options.ts'
import { packageRoot } from '../package-info.ts'
import type { Manifest } from '../project/manifest.ts'
import { readProject } from '../project/read.ts'

/** @throws LocalError what is wrong with the project as a whole; problems of single functions stay in the manifest */
export async function readServableProject(options: SpaceOptions): Promise<Manifest> {
  const { project, provider, builtins, data } = options
  const manifest = await readProject({
    project,
    builtins,
    builtinRoots: [packageRoot],
    data,
    ...(provider ? { provider } : {}),
  })
  const [first, ...others] = manifest.problems.filter(({ severity }) => severity === 'error')
  if (!first) return manifest
  const hint = [first.hint, ...others.map(({ message }) => `also: ${message}`)].filter(Boolean).join('; ')
  throw new LocalError('PROJECT_INVALID', first.message, {
    ...(first.where ? { where: first.where } : {}),
    ...(hint ? { hint } : {}),
  })
}
