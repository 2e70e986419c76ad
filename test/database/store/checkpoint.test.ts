import type * as FileSystem from 'node:fs'
import { readdirSync, rmSync } from 'node:fs'
import type * as FilePromises from 'node:fs/promises'
import { basename } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { EmbeddedDatabase } from '../../../database/engine/engine.ts'
import type { JournalStore } from '../../../database/engine/store/journal-store.ts'
import { checkFolder } from '../../../database/tools/check.ts'
import { dump, Folder } from './folder.ts'

/** What a checkpoint does to the folder, step by step; each step may be looked at, or made to fail. */
const steps = vi.hoisted(() => ({
  before: (_step: string): void => {},
  after: (_step: string): void => {},
}))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FilePromises>()
  const around = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    steps.before(step)
    const result = await work()
    steps.after(step)
    return result
  }
  const open: typeof real.open = (path, flags, mode) =>
    around(`open ${basename(String(path))}`, () => real.open(path, flags, mode))
  const rename: typeof real.rename = (from, to) =>
    around(`rename ${basename(String(from))}`, () => real.rename(from, to))
  return { ...real, open, rename }
})

vi.mock('node:fs', async (original) => {
  const real = await original<typeof FileSystem>()
  const rmSync: typeof real.rmSync = (path, options) => {
    steps.before(`remove ${basename(String(path))}`)
    real.rmSync(path, options)
    steps.after(`remove ${basename(String(path))}`)
  }
  return { ...real, rmSync }
})

afterEach(() => {
  steps.before = () => {}
  steps.after = () => {}
})

const store = (database: EmbeddedDatabase) => database.state.store as JournalStore

interface Prepared {
  database: EmbeddedDatabase
  contents: unknown
}

/**
 * A folder with a checkpoint, and commits after it: changed, removed, dropped and new things.
 * @param fresh opened anew, so that nothing of it is in memory yet
 */
async function prepare(folder: Folder, fresh: boolean): Promise<Prepared> {
  const database = folder.open({ durability: 'none' })
  const run = (command: Record<string, unknown>) => database.command('d', command)
  const documents = Array.from({ length: 500 }, (_, _id) => ({ _id, n: _id % 7, text: 'x'.repeat(100) }))
  await run({ createIndexes: 'a', indexes: [{ key: { n: 1 }, name: 'n' }] })
  await run({ insert: 'a', documents })
  for (const name of ['kept', 'dropped']) await run({ insert: name, documents: documents.slice(0, 20) })
  await store(database).checkpoint()
  await run({ update: 'a', updates: [{ q: { n: 3 }, u: { $set: { n: 100 } }, multi: true }] })
  await run({ delete: 'a', deletes: [{ q: { _id: { $lt: 100 } }, limit: 0 }] })
  await run({ drop: 'dropped' })
  await run({ insert: 'new', documents: [{ _id: 1 }] })
  const contents = await dump(database, 'd')
  if (!fresh) return { database, contents }
  await database.close()
  return { database: folder.open({ durability: 'none' }), contents }
}

async function expectContents(folder: Folder, contents: unknown, label: string): Promise<void> {
  // Its owner is dead, although this process lives.
  rmSync(folder.file('lock'), { force: true })
  const report = await checkFolder(folder.path, 'journal')
  expect(
    report?.findings.filter(({ severity }) => severity !== 'note'),
    label,
  ).toEqual([])
  await using database = folder.open({ durability: 'none' })
  expect(await dump(database, 'd'), label).toEqual(contents)
  // It goes on from there, over another checkpoint.
  await database.command('d', { insert: 'a', documents: [{ _id: 'after' }] })
  await store(database).checkpoint()
  expect(await database.command('d', { count: 'a' }), label).toMatchObject({ n: 401 })
  expect(folder.warnings, label).toEqual([])
}

describe.each([
  ['of what is in memory', false],
  ['of what nobody has used yet', true],
])('a checkpoint %s', (_name, fresh) => {
  test('that is killed before or after any step has lost nothing', async () => {
    using folder = new Folder()
    const { database, contents } = await prepare(folder, fresh)
    const moments: [string, Folder][] = []
    const keep = (when: string) => (step: string) => {
      steps.before = () => {}
      steps.after = () => {}
      moments.push([`${when} ${step}`, new Folder(folder.path)])
      look()
    }
    const look = () => {
      steps.before = keep('before')
      steps.after = keep('after')
    }
    look()
    await store(database).checkpoint()
    steps.before = () => {}
    steps.after = () => {}
    await database.close()
    const names = moments.map(([name]) => name)
    expect(names).toContain('before rename manifest.new')
    expect(names.filter((name) => name.startsWith('after rename c'))).toHaveLength(2)
    expect(names.filter((name) => name.startsWith('after remove')).length).toBeGreaterThan(2)
    for (const [name, copy] of moments) {
      using kept = copy
      await expectContents(kept, contents, name)
    }
  })

  test('in which any step fails is told, and the database goes on', async () => {
    const seen: string[] = []
    steps.before = (step) => void seen.push(step)
    {
      using folder = new Folder()
      const { database } = await prepare(folder, fresh)
      seen.length = 0
      await store(database).checkpoint()
      await database.close()
    }
    // A step is known by its place: names and numbers come again.
    for (const [place, name] of seen.filter((step) => !step.startsWith('remove')).entries()) {
      using folder = new Folder()
      steps.before = () => {}
      const { database, contents } = await prepare(folder, fresh)
      let at = 0
      steps.before = () => {
        if (at++ !== place) return
        throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      }
      await expect(store(database).checkpoint(), name).rejects.toMatchObject({ code: 14031 })
      steps.before = () => {}
      expect(folder.warnings, name).toEqual([expect.stringContaining('A checkpoint of the database failed')])
      folder.warnings.length = 0
      expect(await dump(database, 'd'), name).toEqual(contents)
      {
        using copy = new Folder(folder.path)
        await expectContents(copy, contents, `${name}, then killed`)
      }
      await store(database).checkpoint()
      await database.close()
      expect(
        readdirSync(folder.path).some((file) => file.endsWith('.new')),
        name,
      ).toBe(false)
      await expectContents(folder, contents, `${name}, then another one`)
    }
  })
})
