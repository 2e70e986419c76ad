/** What a read costs a cloud function: `doc(id).get()` in an instance of a real space. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { resolveOptions } from '../../runtime/config/resolve.ts'
import { outcomeValue } from '../../runtime/invocation.ts'
import { createSpace } from '../../runtime/space.ts'
import { median } from '../measure.ts'
import { idAt } from './documents.ts'
import { COLLECTION, Ours } from './ours.ts'
import type { Row } from './rows.ts'

export async function measureInFunction(size: number, repeats: number): Promise<Row> {
  const project = await writeProject()
  const options = resolveOptions({ flags: { project }, cwd: project })
  const space = await createSpace(options)
  try {
    const database = await space.database()
    await Ours.fill(database, size, space.databaseName)
    const ids = Array.from({ length: 500 }, (_, n) => idAt(Math.floor((n / 500) * size)))
    const results: { p50: number }[] = []
    for (let round = 0; round <= repeats; round++) {
      const outcome = await space.invoke({
        name: 'read',
        payload: { type: 'event', event: { ids } },
        source: 'server',
      })
      if (!outcome.ok) throw new Error(outcome.failure.errMsg)
      // The first one warms up.
      if (round > 0) results.push(outcomeValue(outcome) as { p50: number })
    }
    const measure = '`doc(id).get()` inside a function, p50'
    return { measure, target: 0.3, value: median(results.map(({ p50 }) => p50)), unit: 'ms' }
  } finally {
    await space.close()
    await rm(project, { recursive: true, force: true, maxRetries: 5 })
  }
}

// internals

async function writeProject(): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'unicloud-bench-'))
  const folder = path.join(root, 'uniCloud-aliyun', 'cloudfunctions', 'read')
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'index.js'), source)
  return root
}

const source = `exports.main = async ({ ids }) => {
  const docs = uniCloud.database().collection('${COLLECTION}')
  const times = []
  for (const id of ids) {
    const started = performance.now()
    const { data } = await docs.doc(id).get()
    times.push(performance.now() - started)
    if (data.length !== 1) throw new Error('document ' + id + ' is missing')
  }
  times.sort((a, b) => a - b)
  return { p50: times[times.length >> 1] }
}
`
