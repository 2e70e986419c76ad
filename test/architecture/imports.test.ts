import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../runtime/package-info.ts'

/** What each folder may import, besides itself (docs/architecture.md). */
const allowed: Record<string, readonly string[]> = {
  clock: [],
  errors: [],
  processes: [],
  triggers: ['clock'],
  sandbox: ['clock', 'errors', 'processes'],
  database: ['clock', 'errors', 'processes'],
  runtime: ['clock', 'errors', 'database', 'triggers', 'sandbox'],
  'test-kit': ['clock', 'errors', 'runtime', 'database', 'sandbox'],
  cli: ['clock', 'errors', 'runtime', 'database', 'triggers', 'sandbox'],
}

const files = sourceFiles()

test('imports run one way', () => {
  const wrong: string[] = []
  for (const [file, imports] of files) {
    const folder = topFolder(file)
    for (const target of imports) {
      const to = topFolder(target)
      if (to !== folder && !allowed[folder]?.includes(to)) wrong.push(`${file} -> ${target}`)
    }
  }
  expect(wrong).toEqual([])
})

test('guest and host meet only in messages', () => {
  const inside = (file: string, folder: string): boolean => file.startsWith(`runtime/${folder}/`)
  const wrong = [...files].flatMap(([file, imports]) =>
    imports
      .filter((target) => inside(file, 'guest') && inside(target, 'host'))
      .map((target) => `${file} -> ${target}`),
  )
  expect(wrong).toEqual([])
})

test('no circular imports', () => {
  expect(findCycle()).toEqual([])
})

// internals

function topFolder(file: string): string {
  return file.split('/')[0] ?? ''
}

/** Every source file with the files of ours it imports when it runs; types alone make no circle. */
function sourceFiles(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const folder of Object.keys(allowed)) {
    const names = readdirSync(path.join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    for (const name of names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))) {
      const file = path.posix.join(folder, name.split(path.sep).join('/'))
      found.set(file, importsOf(file))
    }
  }
  return found
}

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(packageRoot, file), 'utf8')
  const statements = text.matchAll(/^(?:import|export)\s+(?!type\b)[^'"]*?from\s+['"](\.[^'"]+)['"]/gm)
  return [...statements]
    .filter(([statement]) => !onlyTypes(statement))
    .map(([, target = '']) => path.posix.join(path.posix.dirname(file), target))
}

/** `import { type A, type B } from` names nothing that exists at run time. */
function onlyTypes(statement: string): boolean {
  const names = statement.match(/\{([^}]*)\}/)?.[1]
  if (names === undefined || /^(?:import|export)\s+\w+\s*,/.test(statement)) return false
  return names.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '))
}

function findCycle(): string[] {
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const visit = (file: string): string[] | undefined => {
    if (state.get(file) === 'done') return undefined
    if (state.get(file) === 'open') return [...trail.slice(trail.indexOf(file)), file]
    state.set(file, 'open')
    trail.push(file)
    for (const target of files.get(file) ?? []) {
      const cycle = visit(target)
      if (cycle) return cycle
    }
    trail.pop()
    state.set(file, 'done')
    return undefined
  }
  for (const file of files.keys()) {
    const cycle = visit(file)
    if (cycle) return cycle
  }
  return []
}
