/** Projects that the benchmarks serve, written to a temporary folder. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface BenchProject {
  root: string
  /** Entry file of function `f<n>`. */
  entry(n: number): string
}

/** @param count functions `f0` … at `/f0` …, each answering `{hello, version}` */
export async function writeProject(count: number): Promise<BenchProject> {
  const root = await mkdtemp(path.join(tmpdir(), 'unicloud-bench-'))
  const folder = path.join(root, 'uniCloud-aliyun', 'cloudfunctions')
  for (let n = 0; n < count; n++) {
    const dir = path.join(folder, `f${n}`)
    await mkdir(dir, { recursive: true })
    await writeFile(path.join(dir, 'index.js'), functionSource(1))
    const config = { path: `/f${n}`, concurrency: 100 }
    await writeFile(
      path.join(dir, 'package.json'),
      JSON.stringify({ name: `f${n}`, 'cloudfunction-config': config }),
    )
  }
  return { root, entry: (n) => path.join(folder, `f${n}`, 'index.js') }
}

export function functionSource(version: number): string {
  return `exports.main = async () => ({ hello: 'world', version: ${version} })\n`
}
