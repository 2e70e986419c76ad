/** SSE channels over HTTP, between the functions' side of a channel and readers (spec/runtime.md §13). */
import { beforeEach, describe, expect, test } from 'vitest'
import { PushChannels } from '../../runtime/host/push-channels.ts'
import { serve } from './serve.ts'

let channels: PushChannels
beforeEach(() => {
  channels = new PushChannels()
})
const write = (seqId: string, message: unknown) =>
  channels.handle('publish', [seqId, 'message', JSON.stringify(message)])
const end = (seqId: string) => channels.handle('publish', [seqId, 'end', undefined])

/** `messageId:action:message` of each event. */
function events(text: string): string[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => {
    const { messageId, action, message } = JSON.parse(data) as Record<string, unknown>
    return `${messageId}:${action}:${JSON.stringify(message) ?? ''}`
  })
}

describe('a channel', () => {
  test('is read from its first message to its end', async () => {
    const { ask } = await serve({}, { channels })
    await write('1700000000000-123456', { a: 1 })
    const reading = ask('/_unicloud/sse/1700000000000-123456', { headers: { host: 'phone.lan' } })
    await new Promise((resolve) => setTimeout(resolve, 50))
    await write('1700000000000-123456', '\n second')
    await write('another', 'not for this one')
    await end('1700000000000-123456')
    const { status, headers, text } = await reading
    expect({ status, type: headers['content-type'], origin: headers['access-control-allow-origin'] }).toEqual(
      {
        status: 200,
        type: 'text/event-stream; charset=utf-8',
        origin: '*',
      },
    )
    expect(events(text)).toEqual(['0:message:{"a":1}', '1:message:"\\n second"', '2:end:'])
    expect(JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '')).toMatchObject({
      channel: 'UNI_CLOUD_SSE',
      seqId: '1700000000000-123456',
    })
  })

  test('goes on where a reader was cut off', async () => {
    const { ask } = await serve({}, { channels })
    for (const message of [1, 2, 3]) await write('s', message)
    await end('s')
    const { text } = await ask('/_unicloud/sse/s', { headers: { 'last-event-id': '1' } })
    expect(events(text)).toEqual(['2:message:3', '3:end:'])
  })

  test('may have several readers, and outlives those that go', async () => {
    const { ask, close } = await serve({}, { channels })
    const readers = [ask('/_unicloud/sse/s'), ask('/_unicloud/sse/s')]
    await new Promise((resolve) => setTimeout(resolve, 50))
    await write('s', 1)
    await close(1000)
    for (const { text } of await Promise.all(readers)) expect(events(text)).toEqual(['0:message:1'])
    await expect(write('s', 2)).resolves.toBeUndefined()
  })

  test.each([
    ['POST', '/_unicloud/sse/s', 405],
    ['OPTIONS', '/_unicloud/sse/s', 204],
    ['GET', '/_unicloud/sse/', 404],
    ['GET', '/_unicloud/sse/%zz', 404],
    ['GET', `/_unicloud/sse/${'x'.repeat(201)}`, 404],
  ])('%s %s: %i', async (method, path, status) => {
    const { ask } = await serve({}, { channels })
    expect((await ask(path, { method })).status).toBe(status)
  })
})
