import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Manifest } from '../../runtime/project/manifest.ts'
import { watchProject } from '../../runtime/watch.ts'

/** `dev` answers before its files are watched; what is saved in between must not be lost. */
test('files saved after the project was read count as changes, older ones do not', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'unicloud-watch-'))
  const [early, old] = [path.join(root, 'early.js'), path.join(root, 'old.js')]
  await writeFile(old, '')
  await utimes(old, 1, 1)
  await new Promise((resolve) => setTimeout(resolve, 60))
  const since = Date.now()
  await writeFile(early, '')
  const changed: string[] = []
  await using _watching = await watchProject({
    manifest: { root, cloudRoots: [root] } as unknown as Manifest,
    data: path.join(root, '.unicloud-local'),
    since,
    onChange: (files) => changed.push(...files),
    onError: (error) => {
      throw error
    },
  })
  await expect.poll(() => changed).toEqual([early])
  await writeFile(old, 'now')
  await expect.poll(() => changed).toEqual([early, old])
})

test('files in a folder that is moved into the project count, however old they are', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'unicloud-watch-'))
  const outside = await mkdtemp(path.join(tmpdir(), 'unicloud-outside-'))
  await mkdir(path.join(outside, 'late'))
  await writeFile(path.join(outside, 'late', 'index.js'), '')
  await utimes(path.join(outside, 'late', 'index.js'), 1, 1)
  await new Promise((resolve) => setTimeout(resolve, 60))
  const changed: string[] = []
  await using _watching = await watchProject({
    manifest: { root, cloudRoots: [root] } as unknown as Manifest,
    data: path.join(root, '.unicloud-local'),
    since: Date.now(),
    onChange: (files) => changed.push(...files),
    onError: (error) => {
      throw error
    },
  })
  await rename(path.join(outside, 'late'), path.join(root, 'late'))
  await expect.poll(() => changed).toEqual([path.join(root, 'late', 'index.js')])
})

test('a cloud folder that is taken away and comes back is watched as before', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'unicloud-watch-'))
  const cloud = path.join(root, 'uniCloud-aliyun')
  const file = path.join(cloud, 'index.js')
  await mkdir(cloud)
  await writeFile(file, '')
  const changed = new Set<string>()
  await using _watching = await watchProject({
    manifest: { root, cloudRoots: [cloud] } as unknown as Manifest,
    data: path.join(root, '.unicloud-local'),
    since: Date.now(),
    onChange: (files) => {
      for (const name of files) changed.add(name)
    },
    onError: (error) => {
      throw error
    },
  })
  await rename(cloud, path.join(root, 'elsewhere'))
  await expect.poll(() => changed).toContain(cloud)
  changed.clear()
  await rename(path.join(root, 'elsewhere'), cloud)
  await expect.poll(() => changed).toContain(file)
  changed.clear()
  await writeFile(file, 'now')
  await expect.poll(() => changed).toContain(file)
})

test('what a file is in the end is told, however fast the saves come', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'unicloud-watch-'))
  const file = path.join(root, 'index.js')
  await writeFile(file, 'first')
  let told = ''
  await using _watching = await watchProject({
    manifest: { root, cloudRoots: [root] } as unknown as Manifest,
    data: path.join(root, '.unicloud-local'),
    since: Date.now(),
    onChange: () => {
      told = readFileSync(file, 'utf8')
    },
    onError: (error) => {
      throw error
    },
  })
  for (let round = 0; round < 10; round++) {
    for (const pause of [5, 15, 30, 45]) {
      await writeFile(file, '')
      await new Promise((resolve) => setTimeout(resolve, pause))
      await writeFile(file, `${round} ${pause}`)
      await expect.poll(() => told).toBe(`${round} ${pause}`)
    }
  }
})
