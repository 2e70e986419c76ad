/**
 * Runs the loader where it runs in earnest: in a worker thread. A test writes a project, reads it with the project
 * reader, and looks at what a function's code sees.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { afterAll } from 'vitest'
import { readProject } from '../../runtime/project/read.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What came of loading: the value the check returned, or the error as plain data. */
export interface Loaded {
  value?: unknown
  error?: {
    name: string
    message: string
    code?: string
    stack: string
    frame?: string
    place?: object
    hint?: string
  }
  files: string[]
  lateFiles: string[]
  warnings: string[]
}

export interface ProjectFixture extends AsyncDisposable {
  dir: string
  data: string
  write(files: Record<string, string>): Promise<void>
  /**
   * Loads a function in a thread of its own.
   * @param check body of an async function of `exports`, `loader` and `require`; its result comes back as JSON
   */
  load(
    name: string,
    check?: string,
    options?: { looseModules?: boolean; exclusive?: boolean },
  ): Promise<Loaded>
  /**
   * Runs a script in a thread, or in a process.
   * @param code gets `createLoader`, `space` and `functions`, and answers with `reply(value)`
   */
  run(code: string, options?: { process?: boolean }): Promise<unknown>
}

/** @param files relative path -> content; `cloudfunctions/` may be left out of a path that starts with `fn:` */
export async function createFixture(files: Record<string, string>): Promise<ProjectFixture> {
  const dir = await mkdtemp(path.join(tmpdir(), 'unicloud-loader-'))
  const data = path.join(dir, '.unicloud-local')
  const write = async (more: Record<string, string>): Promise<void> => {
    for (const [name, text] of Object.entries(more)) {
      const file = path.join(dir, name.replace(/^fn:/, 'cloudfunctions/'))
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, text)
    }
  }
  await write({ 'cloudfunctions/.keep': '', ...files })
  const describe = async () => {
    const manifest = await readProject({
      project: dir,
      builtins: true,
      builtinRoots: [path.join(dir, 'node_modules', 'unicloud-local')],
      data,
    })
    const transformCache = path.join(data, 'transforms')
    const space = { modules: manifest.modules, projectRoot: dir, looseModules: false, transformCache }
    return { space, functions: manifest.functions }
  }
  return {
    dir,
    data,
    write,
    async load(name, check = 'return exports', { looseModules = false, exclusive = true } = {}) {
      const { space, functions } = await describe()
      return (await runWorker(workerCode, {
        space: { ...space, looseModules },
        entry: functions[name],
        check,
        exclusive,
      })) as Loaded
    },
    async run(code, options) {
      return options?.process ? runProcess(code, await describe()) : runWorker(code, await describe())
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}

/** Builds the loader for threads, as `dist/` holds it; below node_modules, so that packages are found from there. */
export async function buildLoader(entry = 'runtime/guest/loader/loader.ts'): Promise<string> {
  const folder = path.join(repository, 'node_modules', '.cache', 'unicloud-local-tests')
  await mkdir(folder, { recursive: true })
  const dir = await mkdtemp(path.join(folder, 'loader-'))
  folders.push(dir)
  const outfile = path.join(dir, 'loader.mjs')
  const options = { bundle: true, platform: 'node', format: 'esm', packages: 'external' } as const
  await build({ absWorkingDir: repository, entryPoints: [entry], outfile, ...options })
  return outfile
}

// internals

let built: Promise<string> | undefined
const folders: string[] = []
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))))

function scriptOf(code: string): string {
  return `
    import(workerData.loader).then(async ({ createLoader }) => {
      const { space, functions } = workerData
      ${code}
    })`
}

async function runWorker(code: string, data: object): Promise<unknown> {
  built ??= buildLoader()
  const script = `
    const { workerData, parentPort } = require('node:worker_threads')
    const reply = (value) => parentPort.postMessage(JSON.stringify(value))
    ${scriptOf(code)}`
  const worker = new Worker(script, { eval: true, workerData: { loader: await built, ...data } })
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', (text: string) => resolve(JSON.parse(text)))
      worker.once('error', reject)
    })
  } finally {
    await worker.terminate()
  }
}

async function runProcess(code: string, data: object): Promise<unknown> {
  built ??= buildLoader()
  const workerData = JSON.stringify({ loader: await built, ...data })
  const script = `
    const workerData = ${workerData}
    const reply = (value) => console.log(JSON.stringify(value))
    ${scriptOf(code)}`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script])
  return JSON.parse(stdout)
}

const workerCode = `
globalThis.uniCloud = { stub: true }
const plain = (error) => ({
  name: error.name, message: error.message, code: error.code, stack: error.stack,
  frame: error.frame, place: error.place, hint: error.hint,
})
const lateFiles = []
const { entry, check, exclusive } = workerData
const loader = createLoader({ space, entry, exclusive, onFiles: (files) => lateFiles.push(...files) })
const result = {}
try {
  const exports = loader.loadEntry()
  const body = new (Object.getPrototypeOf(async () => {}).constructor)('exports', 'loader', 'require', check)
  result.value = await body(exports, loader, require)
} catch (error) {
  result.error = plain(error)
}
await new Promise((resolve) => setImmediate(resolve))
reply({ ...result, files: loader.files(), warnings: loader.warnings(), lateFiles })
`
