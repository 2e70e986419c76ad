/** Projects that the benchmarks serve, written to a temporary folder. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface BenchProject {
  root: string
  /** Entry file of function `f<n>`. */
  entry(n: number): string
  /** Text of an entry file that answers this version. */
  source(version: number): string
}

export interface ProjectOptions {
  /** Calls an instance takes at the same time. */
  concurrency?: number
  /** `.ts` functions that use the database instead of the smallest possible ones. */
  typical?: boolean
}

/** @param count functions `f0` … at `/f0` …, each answering `{hello, version}` */
export async function writeProject(
  count: number,
  { concurrency = 100, typical = false }: ProjectOptions = {},
): Promise<BenchProject> {
  const root = await mkdtemp(path.join(tmpdir(), 'unicloud-bench-'))
  const folder = path.join(root, 'uniCloud-aliyun', 'cloudfunctions')
  const name = typical ? 'index.ts' : 'index.js'
  const source = typical ? typicalSource : functionSource
  for (let n = 0; n < count; n++) {
    const dir = path.join(folder, `f${n}`)
    await mkdir(dir, { recursive: true })
    await writeFile(path.join(dir, name), source(1))
    const config = { path: `/f${n}`, concurrency }
    await writeFile(
      path.join(dir, 'package.json'),
      JSON.stringify({ name: `f${n}`, 'cloudfunction-config': config }),
    )
  }
  return { root, entry: (n) => path.join(folder, `f${n}`, name), source }
}

// internals

function functionSource(version: number): string {
  return `exports.main = async () => ({ hello: 'world', version: ${version} })\n`
}

function typicalSource(version: number): string {
  return `const db = uniCloud.database()

interface Event { httpMethod?: string }

export async function main(_event: Event): Promise<{ hello: string; version: number }> {
  const { data } = await db.collection('greetings').where({ to: 'world' }).limit(1).get()
  return { hello: data[0]?.to ?? 'world', version: ${version} }
}
`
}
