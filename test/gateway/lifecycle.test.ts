/** Starting and stopping the server. */
import { Agent, get } from 'node:http'
import { expect, test } from 'vitest'
import { createGateway } from '../../runtime/gateway/server.ts'
import { FakeSpace } from './fake-space.ts'
import { ask, serve } from './serve.ts'

test('a port in use, a host that is not ours: what is wrong and how to mend it', async () => {
  const { listening } = await serve()
  const space = new FakeSpace()
  space.options.port = listening.port
  await expect(createGateway(space).listen()).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: expect.stringContaining(`127.0.0.1:${listening.port}`),
    hint: expect.stringContaining('--port'),
  })
  const elsewhere = createGateway(new FakeSpace({ host: '192.0.2.1' }))
  await expect(elsewhere.listen()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('the address: as bound, and as others reach it', async () => {
  const local = await serve()
  expect(local.listening.url).toBe(`http://127.0.0.1:${local.listening.port}`)
  expect(local.space.publicUrl).toBe(local.listening.url)
  const open = await serve({ host: '0.0.0.0' })
  expect(open.listening.url).toBe(`http://0.0.0.0:${open.listening.port}`)
  expect(open.space.publicUrl).toBe(`http://127.0.0.1:${open.listening.port}`)
})

test('close: running calls finish, idle connections do not hold it open, new ones are refused', async () => {
  let finish = (): void => {}
  let called = (): void => {}
  const running = new Promise<void>((resolve) => {
    called = resolve
  })
  const main = (): unknown => {
    called()
    return new Promise((resolve) => {
      finish = () => resolve('done')
    })
  }
  const {
    listening,
    close,
    ask: first,
  } = await serve({
    functions: { slow: { path: '/slow', main }, quick: { path: '/quick', main: () => 'quick' } },
  })
  const agent = new Agent({ keepAlive: true })
  await new Promise<void>((resolve) => {
    get({ port: listening.port, path: '/quick', agent }, (res) => res.resume().on('end', resolve))
  })
  const answer = first('/slow')
  await running
  const start = performance.now()
  const closed = close(10_000)
  await expect(ask(listening.port, '/quick')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  finish()
  expect((await answer).text).toBe('done')
  await closed
  expect(performance.now() - start).toBeLessThan(2000)
  agent.destroy()
})

test('close: what does not finish in time is cut', async () => {
  let called = (): void => {}
  const running = new Promise<void>((resolve) => {
    called = resolve
  })
  const main = (): unknown => {
    called()
    return new Promise(() => {})
  }
  const { close, ask: first } = await serve({ functions: { never: { path: '/never', main } } })
  const answer = expect(first('/never')).rejects.toMatchObject({ code: 'ECONNRESET' })
  await running
  await close(10)
  await answer
})

test('close before listen, and twice', async () => {
  const gateway = createGateway(new FakeSpace())
  await gateway.close(0)
  const { close } = await serve()
  await Promise.all([close(0), close(0)])
})
