/**
 * Keys or state that cannot be used: what is wrong, where, how to mend it; and once it is mended, the next request
 * works. Permissions cannot be tested by whoever may do everything, so something else stands in the way here.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../clock/clock.ts'
import type { LogLine } from '../../sandbox/core/call-log.ts'
import { unusable, wholeStory } from '../../sandbox/core/unusable.ts'
import { createSandbox, MOUNT, type SandboxOptions } from '../../sandbox/sandbox.ts'
import { listenSandbox } from '../../sandbox/server.ts'

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'unusable-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Like `unicloud-local sandbox`: nothing is opened before the first request, or when there is state. */
async function start(directory: string, options: Partial<SandboxOptions> = {}) {
  const log: LogLine[] = []
  let url = ''
  const sandbox = createSandbox({
    directory,
    clock: new ManualClock(Date.now()),
    log: (line) => void log.push(line),
    publicUrl: () => url,
    seed: 'vectors',
    ...options,
  })
  const server = await listenSandbox(sandbox, { host: '127.0.0.1', port: 0 })
  url = server.url
  onTestFinished(async () => {
    await sandbox.close()
    await server.close()
  })
  return { url, sandbox, log, errors: () => log.filter(({ level }) => level === 'error') }
}

const state = (url: string): Promise<Response> => fetch(`${url}${MOUNT}/state`)

const obstacles: [name: string, seed: 'space' | 'vectors', place: string, story: RegExp][] = [
  ['keys that are no keys', 'space', 'keys.json', /sandbox keys lack .*keys\.json.*put a good copy/],
  ['a folder instead of the keys', 'space', 'keys.json/', /cannot read its keys.*keys\.json.*move that away/],
  [
    'a file instead of the orders',
    'vectors',
    'state/orders',
    /cannot read its state.*orders.*move that away/,
  ],
  [
    'a folder instead of an order',
    'vectors',
    'state/orders/o_1.json/',
    /cannot read.*o_1\.json.*move that away/,
  ],
]

test.each(obstacles)(
  '%s: said, and gone when mended',
  async (_name, seed, place, story) => {
    const directory = await emptyFolder()
    const file = path.join(directory, place)
    await mkdir(place.endsWith('/') ? file : path.dirname(file), { recursive: true })
    if (!place.endsWith('/')) await writeFile(file, '{}')
    const { url, errors, log } = await start(directory, { seed })
    for (let round = 0; round < 2; round++) {
      const refused = await state(url)
      expect(refused.status).toBe(503)
      const body = (await refused.json()) as { errCode: string; errMsg: string }
      expect(body.errCode).toBe('DATA_UNUSABLE')
      expect(body.errMsg).toMatch(story)
      expect(body.errMsg).toMatch(/nothing needs to be restarted$/)
    }
    // A platform's API is out of order too, and says the same to a function on this machine.
    const api = await fetch(`${url}${MOUNT}/hosts/openapi.alipay.com/gateway.do`)
    expect({ status: api.status, text: await api.text() }).toMatchObject({
      status: 503,
      text: expect.stringMatching(story),
    })
    const page = await fetch(`${url}${MOUNT}/?lang=en`, { headers: { accept: 'text/html' } })
    expect(page.status).toBe(503)
    expect(await page.text()).toMatch(
      /cannot be used[\s\S]*move that away|cannot be used[\s\S]*put a good copy/,
    )
    expect(errors()).toHaveLength(1)
    expect(errors()[0]?.text).toMatch(story)

    await rm(file, { recursive: true })
    expect((await state(url)).status).toBe(200)
    expect(log.at(-1)).toEqual({ level: 'info', text: 'sandbox: usable again' })
  },
  20_000,
)

test('strangers are not told where files lie', async () => {
  const directory = await emptyFolder()
  await mkdir(path.join(directory, 'state'), { recursive: true })
  await writeFile(path.join(directory, 'state/orders'), '')
  const { url } = await start(directory, { accessToken: () => 'secret' })
  const refused = await state(url)
  expect(refused.status).toBe(503)
  const text = await refused.text()
  expect(text).toContain('its log says why')
  expect(text).not.toContain(directory)
  const known = await fetch(`${url}${MOUNT}/state?token=secret`)
  expect(await known.text()).toContain(directory)
  const rebound = await new Promise<string>((resolve) => {
    request(`${url}${MOUNT}/state`, { headers: { host: 'evil.example' } }, async (response) => {
      let body = ''
      for await (const chunk of response) body += chunk
      resolve(body)
    }).end()
  })
  expect(rebound).not.toContain(directory)
})

test('damaged documents are left out and left alone; the rest is there', async () => {
  const directory = await emptyFolder()
  const first = await start(directory)
  const code = (await first.sandbox.open()).keys.constants.alipay
  expect(code.app_id).toBeTruthy()
  await fetch(`${first.url}${MOUNT}/faults`, { method: 'POST', body: '{"fault":"notify.lost"}' })
  await first.sandbox.close()
  const orders = path.join(directory, 'state/orders')
  await mkdir(orders, { recursive: true })
  for (const [name, text] of Object.entries({ half: '{"id":', list: '[]', empty: '{}', nothing: '' })) {
    await writeFile(path.join(orders, `${name}.json`), text)
  }
  const second = await start(directory)
  expect(await (await state(second.url)).json()).toMatchObject({ orders: 0, faults: 1 })
  const warned = second.log.filter(({ level }) => level === 'warn').map(({ text }) => text)
  expect(warned).toHaveLength(4)
  for (const text of warned)
    expect(text).toMatch(/\.json is damaged \(.+\) and left out; delete it, or mend it/)
  expect((await readdir(orders)).sort()).toEqual(['empty.json', 'half.json', 'list.json', 'nothing.json'])
})

describe('what cannot be written', () => {
  test('is refused, with the reason, and written once it can be', async () => {
    const directory = await emptyFolder()
    const { url, sandbox, log } = await start(directory)
    await state(url)
    const away = `${directory}-away`
    onTestFinished(() => rm(away, { recursive: true, force: true }))
    const arm = (fault: string): Promise<Response> =>
      fetch(`${url}${MOUNT}/faults`, { method: 'POST', body: JSON.stringify({ fault }) })
    expect((await arm('notify.lost')).status).toBe(200)
    await rename(path.join(directory, 'state'), away)
    await writeFile(path.join(directory, 'state'), 'in the way')

    const refused = await arm('notify.delay')
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({
      errCode: 'DATA_UNUSABLE',
      errMsg: expect.stringMatching(/cannot write its state: .*move that away/),
    })
    // A platform promises nothing that it could not keep.
    const token = '/cgi-bin/stable_token'
    const { wechat_virtual } = (await sandbox.open()).keys.constants
    const asked = { grant_type: 'client_credential', appid: wechat_virtual.appid, secret: 'x' }
    const api = await fetch(`${url}${token}`, { method: 'POST', body: JSON.stringify(asked) })
    expect(api.status).toBe(503)
    expect(log.some(({ text }) => /stable_token.*cannot write its state/.test(text))).toBe(true)

    await rm(path.join(directory, 'state'))
    await rename(away, path.join(directory, 'state'))
    expect((await arm('notify.slow')).status).toBe(200)
    const faults = path.join(directory, 'state/faults')
    const kept = await Promise.all(
      (await readdir(faults)).map(
        async (name) => JSON.parse(await readFile(path.join(faults, name), 'utf8')).fault,
      ),
    )
    expect(kept.sort()).toEqual(['notify.delay', 'notify.lost', 'notify.slow'])
  })

  test('does not keep the rest from closing', async () => {
    const directory = await emptyFolder()
    const { sandbox, errors } = await start(directory)
    const { faults } = await sandbox.open()
    await writeFile(path.join(directory, 'state'), 'in the way')
    faults.arm({ fault: 'notify.lost' })
    await sandbox.close()
    expect(errors()[0]?.text).toMatch(/cannot write its state/)
  })
})

describe('one process at a time', () => {
  /** Holds the folder as another process does, until the test ends. */
  async function holder(directory: string): Promise<{ pid: number; end(): Promise<unknown> }> {
    const script = `
      const { readFileSync, writeFileSync } = require('node:fs')
      const stat = readFileSync('/proc/self/stat', 'utf8')
      const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
      const owner = { pid: process.pid, started, host: require('node:os').hostname(), token: 't', url: 'http://127.0.0.1:7100' }
      writeFileSync(process.argv[1], JSON.stringify(owner))
      console.log('held')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['-e', script, path.join(directory, 'lock')])
    const ended = once(child, 'exit')
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    return {
      pid: child.pid ?? 0,
      end: () => {
        child.kill('SIGKILL')
        return ended
      },
    }
  }

  test.skipIf(process.platform !== 'linux')(
    'the other is named, with its address; once it is gone, this one goes on',
    async () => {
      const directory = await emptyFolder()
      const other = await holder(directory)
      const { url } = await start(directory)
      const refused = await state(url)
      expect(refused.status).toBe(503)
      expect(await refused.json()).toMatchObject({
        errCode: 'DATA_IN_USE',
        errMsg: expect.stringMatching(
          `in use by process ${other.pid}, whose sandbox is at http://127.0.0.1:7100 .*--data`,
        ),
      })
      await other.end()
      expect((await state(url)).status).toBe(200)
    },
  )

  test.each([
    ['of another machine', { pid: 1, host: 'elsewhere' }],
    ['of a process whose number another one has now', { pid: 1, host: hostname(), started: '-1' }],
    ['that is none', 'x'],
  ])('a lock %s counts for nothing', async (_name, owner) => {
    const directory = await emptyFolder()
    await writeFile(path.join(directory, 'lock'), JSON.stringify(owner))
    const { url, sandbox } = await start(directory)
    expect((await state(url)).status).toBe(200)
    await sandbox.close()
    expect(await readdir(directory)).not.toContain('lock')
  })
})

test.each([
  ['EACCES', /readable and writable/],
  ['EROFS', /--data DIR/],
  ['ENOSPC', /free disk space/],
  ['', /delete it, or put a good copy/],
])('the way out of %s', (code, hint) => {
  const error = unusable(
    'the sandbox cannot read its keys',
    '/data/keys.json',
    Object.assign(new Error('no'), { code }),
  )
  expect(wholeStory(error)).toMatch(hint)
  expect(wholeStory(error)).toContain('(/data/keys.json)')
})
