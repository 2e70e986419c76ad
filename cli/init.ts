/** `unicloud-local init`: a new project from one of the examples that ship with us. */
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { LocalError } from '../errors/errors.ts'
import { packageRoot } from '../runtime/package-info.ts'
import type { Flags } from './space-options.ts'

const templates = ['todo', 'hello']
const neverCopied = new Set(['.unicloud-local', 'node_modules'])

/**
 * @param dir folder to create, or to fill when it is empty; default: the current folder
 * @throws LocalError `USAGE` for an unknown template, or when a file would be overwritten
 */
export async function init(dir: string | undefined, flags: Flags): Promise<void> {
  const template = String(flags.template)
  if (!templates.includes(template)) {
    throw new LocalError('USAGE', `--template is ${JSON.stringify(template)}`, {
      hint: `one of ${templates.join(', ')} is allowed`,
    })
  }
  const target = path.resolve(dir ?? '.')
  const source = path.join(packageRoot, 'examples', template)
  await refuseOverwriting(source, target)
  await mkdir(target, { recursive: true })
  await cp(source, target, { recursive: true, filter: (file) => !neverCopied.has(path.basename(file)) })
  // Written here and not kept in the example: npm does not publish files of this name.
  await writeFile(path.join(target, '.gitignore'), '.unicloud-local/\nnode_modules/\n', { flag: 'a' })
  process.stdout.write(nextSteps(dir, template))
}

// internals

async function refuseOverwriting(source: string, target: string): Promise<void> {
  const wanted = new Set((await readdir(source)).filter((name) => !neverCopied.has(name)))
  const present = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[]
    throw new LocalError('USAGE', `${target} cannot be used: ${error.message}`, { cause: error })
  })
  const clash = present.filter((name) => wanted.has(name))
  if (clash.length > 0) {
    throw new LocalError('USAGE', `${target} already holds ${clash.join(', ')}; nothing was written`, {
      hint: 'name an empty or new folder: unicloud-local init my-project',
    })
  }
}

function nextSteps(dir: string | undefined, template: string): string {
  const go = dir ? `  cd ${/^[\w./~+-]+$/.test(dir) ? dir : JSON.stringify(dir)}\n` : ''
  const call =
    template === 'todo'
      ? 'npx unicloud-local run todo.add --params \'[{"title":"milk"}]\''
      : 'npx unicloud-local run hello'
  return `A project from the template "${template}" is ready.\n\n${go}  npx unicloud-local dev\n  ${call}\n`
}
