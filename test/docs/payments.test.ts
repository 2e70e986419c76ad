/** docs/payments.md, walked as it stands: files written, commands pasted, what comes compared with what is shown. */
import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageRoot } from '../../runtime/package-info.ts'
import { mainFile, temporaryFolder } from '../cli/run-cli.ts'

const run = promisify(execFile)
const page = readFileSync(path.join(packageRoot, 'docs/payments.md'), 'utf8')
const functions = 'shop/uniCloud-aliyun/cloudfunctions'
/** What the page says about each of its files, in words. */
const files: Record<string, string> = {
  'const prices': `${functions}/shop/index.obj.js`,
  "const orders = uniCloud.database().collection('goods-orders')": `${functions}/common/uni-config-center/uni-pay/notify/goods.js`,
  '{ "passwordSecret"': `${functions}/common/uni-config-center/uni-id/config.json`,
  'import { createHmac }': 'token.mjs',
}

let folder: string
let port: number
let server: ReturnType<typeof spawn> | undefined
/** Variables that the reader sets; the numbers are those of his own answers. */
const variables: Record<string, string> = {}
let cwd: string

beforeAll(async () => {
  folder = await temporaryFolder()
  cwd = folder
  port = await freePort()
  const program = path.join(folder, 'bin', 'unicloud-local')
  await write('bin/unicloud-local', `#!/bin/sh\nexec '${process.execPath}' '${mainFile}' "$@"\n`)
  await chmod(program, 0o755)
})
afterAll(async () => {
  server?.kill()
  await new Promise((resolve) => (server ? server.once('close', resolve) : resolve(undefined)))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

const walk = page.slice(page.indexOf('## From nothing'), page.indexOf('## What never to trust'))
const trouble = page.slice(page.indexOf('## When things go wrong'), page.indexOf('## In tests'))

test('from nothing to a paid, refunded order', async () => {
  for (const [language, text] of blocksOf(walk)) {
    if (language === '') await type(text)
    else await save(text)
  }
  expect(Object.keys(variables)).toEqual(['api', 'order_no', 'payment'])
}, 120_000)

test('when things go wrong', async () => {
  for (const [, text] of blocksOf(trouble)) await type(text)
}, 60_000)

test('in tests', async () => {
  const [, text = ''] =
    blocksOf(page.slice(page.indexOf('## In tests'))).find(([language]) => language === 'ts') ?? []
  const kit = path.join(path.dirname(mainFile), '..', 'test-kit', 'index.js')
  const script = text
    .replace("'unicloud-local/test'", `'${kit}'`)
    .replace(
      'await space.close()',
      "console.log((await (await space.db()).collection('goods-orders').get()).data)\n$&",
    )
  await write('shop/test.mjs', script)
  const { stdout } = await run(process.execPath, ['test.mjs'], { cwd: path.join(folder, 'shop') })
  expect(stdout).toContain('paid: true')
}, 60_000)

// internals

function blocksOf(text: string): [language: string, block: string][] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', block = '']) => [
    language,
    block,
  ])
}

async function save(text: string): Promise<void> {
  const [, file] = Object.entries(files).find(([start]) => text.startsWith(start)) ?? []
  expect(file, text).toBeDefined()
  await write(String(file), text)
  if (file?.endsWith('index.obj.js')) await write(`${functions}/shop/package.json`, '{ "name": "shop" }')
}

/** Commands of a block, each followed by what it is to print. */
async function type(block: string): Promise<void> {
  for (const part of block.split(/^\$ /m).slice(1)) {
    const lines = part.trimEnd().split('\n')
    // A command goes on while its quotes are open.
    let count = 1
    while ((lines.slice(0, count).join('\n').split("'").length - 1) % 2 === 1) count++
    await enter(lines.slice(0, count).join('\n'), lines.slice(count).join('\n'))
  }
}

let answer = ''

async function enter(command: string, shown: string): Promise<void> {
  const [, name, value = ''] = /^(\w+)=(\S+)$/.exec(command) ?? []
  if (name !== undefined) {
    // What is shown is one of the answers before it; his own is taken.
    const member = name === 'payment' ? 'out_trade_no' : name
    variables[name] =
      new RegExp(`"${member}":"(\\d+)"`).exec(answer)?.[1] ?? value.replace('7100', String(port))
    return
  }
  if (command.endsWith('&')) return await serve()
  const text = await shell(command, shown)
  if (text.startsWith('{')) answer = text
  if (command.includes('&& cd ')) {
    cwd = path.join(cwd, command.split('&& cd ')[1] ?? '')
    // All that is not as a reader has it: 7100 may be taken here.
    await write('shop/unicloud-local.config.ts', `export default { port: ${port} }\n`)
  }
}

async function serve(): Promise<void> {
  const log = path.join(cwd, 'dev.log')
  server = spawn('/bin/sh', ['-c', `exec unicloud-local dev > '${log}' 2>&1`], {
    cwd,
    env: environment(),
  })
  await until(async () => (await readFile(log, 'utf8').catch(() => '')).includes('ready http'))
}

/** Until it prints what is shown: a log may be a moment late. */
async function shell(command: string, shown: string): Promise<string> {
  const here = command.replaceAll('7100', String(port))

  const wanted = patternOf(shown)
  let printed = ''
  await until(async () => {
    const { stdout } = await run('/bin/sh', ['-c', `exec 2>&1\n${here}`], { cwd, env: environment() })
    printed = stdout
    return wanted.test(plain(printed)) || !command.startsWith('tail')
  })
  expect(plain(printed), command).toMatch(wanted)
  return printed
}

/** `…` is anything, numbers any number, and lines are broken for the reader only. */
function patternOf(shown: string): RegExp {
  const parts = plain(shown).split('…')
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').trim())
  return new RegExp(`^\\s*${escaped.join('.*').replaceAll(/\s+/g, '\\s*')}\\s*$`, 's')
}

function plain(text: string): string {
  return text
    .replaceAll(String(port), '7100')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID-…')
    .replaceAll(/\b[0-9a-f]{8}-/g, 'ID-')
    .replaceAll(/\b[0-9a-f]{8}(?= )/gm, 'ID')
    .replaceAll(/\b(o_)?(?=[0-9a-f]*[a-f])[0-9a-f]{16,}\b/g, '$1ID')
    .replaceAll(/\d+(\.\d+)?/g, 'N')
    .replaceAll(/\s+/g, ' ')
}

function environment(): NodeJS.ProcessEnv {
  const bin = `${path.join(folder, 'bin')}:${path.dirname(process.execPath)}:${process.env.PATH}`
  return { ...process.env, ...variables, PATH: bin, NO_COLOR: '1' }
}

async function write(name: string, content: string): Promise<void> {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
}

async function until(met: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 100) {
    if (await met()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as { port: number }
      probe.close(() => resolve(free))
    })
  })
}
