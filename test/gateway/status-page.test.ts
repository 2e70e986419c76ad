/** The status page as a browser runs it: its script, and the few members of a document it asks for. */
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { statusPage } from '../../runtime/gateway/control/status-page.ts'

const functions = [
  { name: 'f', kind: 'cloudfunction', methods: [], config: { path: '/f' }, url: 'http://127.0.0.1:7100/f' },
  { name: 'o', kind: 'cloudobject', methods: ['a', 'b'], config: { path: '' } },
].map((item) => ({ ...item, source: `/p/${item.name}`, errors: [], warnings: [] }))

test('names what there is, and how to call it', async () => {
  const shown = await open('http://127.0.0.1:7100/_unicloud/')
  expect(shown.health).toBe('local-space (aliyun), /p, version 1')
  expect(shown.rows).toEqual([
    ['f', 'cloudfunction', '', 'http://127.0.0.1:7100/f', '/p/f'],
    ['o', 'cloudobject', 'a, b', '', '/p/o'],
  ])
  expect(shown.function).toBe(
    `curl -X POST http://127.0.0.1:7100/_unicloud/api/functions/NAME -d '{"data":{}}'`,
  )
  expect(shown.method).toBe(
    `curl -X POST http://127.0.0.1:7100/_unicloud/api/objects/NAME/METHOD -d '{"params":[]}'`,
  )
})

test('from another machine: its commands carry the token, its links lead to where it came from', async () => {
  const shown = await open('http://192.168.0.2:7100/_unicloud/#secret', 'secret')
  expect(shown.health).toContain('local-space')
  expect(shown.rows[0]?.[3]).toBe('http://192.168.0.2:7100/f')
  expect(shown.function).toContain(" -H 'authorization: Bearer secret' ")
})

test('without the token it says how to be opened', async () => {
  const { health } = await open('http://192.168.0.2:7100/_unicloud/', 'secret')
  expect(health).toBe('Open this page as /_unicloud/#TOKEN, with the token printed at start.')
})

// internals

interface Shown {
  health: string
  function: string
  method: string
  rows: string[][]
}

/** @param token what the control API asks for */
async function open(url: string, token?: string): Promise<Shown> {
  const rows: string[][] = []
  const elements = Object.fromEntries(
    ['health', 'function', 'method', 'functions'].map((id) => [id, { textContent: '' }]),
  )
  const insertRow = () => {
    const row: string[] = []
    rows.push(row)
    return {
      insertCell: () => ({ append: (content: string | { href: string }) => row.push(hrefOf(content)) }),
    }
  }
  const fetch = async (path: string, { headers = {} }: { headers?: { authorization?: string } } = {}) => {
    if (token !== undefined && headers.authorization !== `Bearer ${token}`)
      return { ok: false, json: async () => ({ errCode: 'TOKEN_REQUIRED', errMsg: 'send the token' }) }
    const health = { spaceId: 'local-space', provider: 'aliyun', project: '/p', version: '1' }
    return { ok: true, json: async () => (path.endsWith('/functions') ? { functions } : health) }
  }
  const document = {
    getElementById: (id: string) => Object.assign(elements[id] ?? {}, { insertRow }),
    createElement: () => ({}),
  }
  const script = /<script>(.*)<\/script>/s.exec(statusPage())?.[1] ?? ''
  runInNewContext(script, { document, location: new URL(url), fetch })
  await new Promise((resolve) => setImmediate(resolve))
  const text = (id: string) => elements[id]?.textContent ?? ''
  return { health: text('health'), function: text('function'), method: text('method'), rows }
}

function hrefOf(content: string | { href: string }): string {
  return typeof content === 'string' ? content : content.href
}
