/** What the pages promise, held against the program: links, options, and the output that readers will compare. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { optionTable } from '../../runtime/config/table.ts'
import { packageRoot } from '../../runtime/package-info.ts'
import { cli, dev, temporaryFolder } from '../cli/run-cli.ts'

const pages = [
  ...['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(path.join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
]

test.each(pages)('the links of %s lead somewhere', (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  expect(links.filter((link) => !link.startsWith('http') && !resolves(page, link))).toEqual([])
})

test('the READMEs show the same commands and the same output', () => {
  const withoutRemarks = (page: string) =>
    blocksOf(page).map((block) => block.replaceAll(/ *(#|\/\/) .*$/gm, ''))
  expect(withoutRemarks('README.zh-CN.md')).toEqual(withoutRemarks('README.md'))
})

test('the README shows what dev prints about a new project', async () => {
  const project = path.join(await temporaryFolder(), 'shop')
  await cli(['init', project])
  await using server = await dev([], project)
  const printed = `$ unicloud-local dev\n${server.output.stderr}${server.output.stdout}`
  const anyTime = (text: string) => text.replaceAll(/next timer .*/g, 'next timer').trim()
  expect(anyTime(printed.replaceAll(server.url, 'http://127.0.0.1:7100'))).toBe(
    anyTime(blocksOf('README.md').find((block) => block.startsWith('$ unicloud-local dev')) ?? ''),
  )
})

describe('docs/configuration.md', () => {
  const rows = textOf('docs/configuration.md').match(/^\| `.*$/gm) ?? []

  test.each(optionTable.map((option) => [option.key, option] as const))('%s', (key, option) => {
    const row = rows.find((line) => line.split('|')[1]?.includes(`\`${key}\``)) ?? ''
    expect(row).toContain(`--${option.flag}`)
    expect(row).toContain(option.env.replace('UNICLOUD_LOCAL_PORT', '…_PORT'))
  })

  test('no other flags', () => {
    const known = optionTable.map(({ flag }) => `--${flag}`)
    const named = rows.flatMap((row) => row.match(/--[a-z-]+/g) ?? [])
    expect(named.filter((flag) => !known.includes(flag) && flag !== '--no-sandbox')).toEqual([])
  })
})

// internals

function textOf(page: string): string {
  return readFileSync(path.join(packageRoot, page), 'utf8')
}

function blocksOf(page: string): string[] {
  return [...textOf(page).matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, block = '']) => block)
}

function resolves(page: string, link: string): boolean {
  const [target = '', anchor] = link.split('#')
  const file = target === '' ? page : path.join(path.dirname(page), target)
  if (!existsSync(path.join(packageRoot, file))) return false
  return anchor === undefined || headingsOf(file).includes(anchor)
}

/** Headings as the anchors that Markdown viewers make of them. */
function headingsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
