/** Calls from function to function (spec/runtime.md §7). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GuestCode, guestCode } from './guest-code.ts'

let guest: GuestCode
beforeAll(async () => {
  guest = await guestCode()
})
afterAll(() => guest[Symbol.asyncDispose]())

describe('callFunction', () => {
  it('resolves with the result, cloned through JSON', async () => {
    const code = `return uniCloud.callFunction({ name: 'counter', data: { at: new Date(0), no: undefined, f() {} } })`
    expect(await guest.run(code)).toEqual({
      result: { got: { at: '1970-01-01T00:00:00.000Z' }, source: 'function' },
      requestId: expect.any(String),
      errCode: 0,
      errMsg: '',
      success: true,
    })
  })

  it('a result with an errCode resolves', async () => {
    const code = `return (await uniCloud.callFunction({ name: 'counter', data: { errCode: 'x' } })).result`
    expect(await guest.run(code)).toEqual({ errCode: 'x', errMsg: 'answered' })
  })

  it.each([
    [{ name: 'counter', data: { fail: 'broken' } }, 'counter-failed', 'broken'],
    [{ name: 'missing' }, 'FUNCTION_NOT_FOUND', 'FUNCTION_NOT_FOUND: function [missing] does not exist'],
    [{}, 'PARAM_ERROR', '函数名不能为空'],
  ])('%j rejects', async (options, errCode, errMsg) => {
    const error = await guest.failure('await uniCloud.callFunction(event.args)', options)
    expect(error).toMatchObject({ name: 'UniCloudError', errCode, code: errCode, errMsg, message: errMsg })
  })

  it('rejects data that JSON cannot carry', async () => {
    const code = `const data = {}; data.self = data; await uniCloud.callFunction({ name: 'counter', data })`
    expect(await guest.failure(code)).toMatchObject({
      errCode: 'INVALID_PARAM',
      errMsg: expect.stringContaining('data of the call to [counter] cannot be sent as JSON'),
    })
  })

  it('gives up when the caller says so', async () => {
    const wait = 'await new Promise((done) => setTimeout(done, 3000))'
    const code = `await uniCloud.callFunction({ name: 'plain', data: { code: event.args }, timeout: 50 })`
    expect(await guest.failure(code, wait)).toMatchObject({ errCode: 'FUNCTION_TIMEOUT' })
  })
})

describe('importObject', () => {
  it('calls methods', async () => {
    expect(await guest.run(`return uniCloud.importObject('greeter').greet('Li')`)).toBe(
      'hello Li from function',
    )
  })

  it('may be imported while its own module loads', async () => {
    expect(await guest.run(`return uniCloud.importObject('greeter').greetTwice('Li')`)).toBe(
      'hello Li from function, twice',
    )
  })

  it('is no promise and has a name', async () => {
    const code = `const o = await uniCloud.importObject('greeter'); return [String(o), typeof o.then, JSON.stringify([o])]`
    expect(await guest.run(code)).toEqual(['[object UniCloudObject]', 'undefined', '[{}]'])
  })

  it('an answer with an errCode rejects with its whole detail', async () => {
    expect(await guest.failure(`await uniCloud.importObject('greeter').refuse()`)).toMatchObject({
      name: 'UniCloudError',
      errSubject: 'greeter',
      errCode: 'greeter-refused',
      errMsg: 'not today',
      requestId: expect.any(String),
      detail: { errCode: 'greeter-refused', more: 1 },
    })
  })

  it.each([
    ['explode', 'FunctionBizError', 'boom'],
    ['missing', 'METHOD_NOT_FOUND', 'Method[missing] not found'],
    ['_before', 'METHOD_NOT_FOUND', 'Method[_before] is private and can not be called'],
  ])('%s rejects', async (method, errCode, errMsg) => {
    const code = `await uniCloud.importObject('greeter')[event.args]()`
    const error = await guest.failure(code, method)
    expect(error).toMatchObject({ errCode, errMsg })
    expect(error).not.toHaveProperty('detail')
  })

  it('of a plain function rejects', async () => {
    expect(await guest.failure(`await uniCloud.importObject('counter').main()`)).toMatchObject({
      errCode: 'INVALID_FUNCTION_TYPE',
      errMsg: '[counter] is not a cloud object',
    })
  })

  it('nothing returned is null', async () => {
    expect(await guest.run(`return await uniCloud.importObject('greeter').nothing()`)).toBeNull()
  })
})

describe('init', () => {
  it('of this space is this uniCloud', async () => {
    const code = `return uniCloud.init({ provider: 'aliyun', spaceId: event.args }) === uniCloud`
    expect(await guest.run(code, guest.space.options.spaceId)).toBe(true)
  })

  it('of an unknown space gives an object whose calls reject', async () => {
    const code = `const other = uniCloud.init({ spaceId: 'elsewhere' })
      const code = (call) => call().catch((e) => e.errCode)
      return Promise.all([code(() => other.callFunction({ name: 'x' })), code(() => other.importObject('x').y())])`
    expect(await guest.run(code)).toEqual(['INVALID_SPACE', 'INVALID_SPACE'])
  })
})

describe('UniCloudError', () => {
  it('has its aliases, defaults and a plain form', async () => {
    const { UniCloudError } = await import('../../runtime/guest/uni-cloud/error.ts')
    expect(new UniCloudError({})).toMatchObject({
      errCode: 'SYSTEM_ERROR',
      code: 'SYSTEM_ERROR',
      errMsg: 'unknown system error',
      message: 'unknown system error',
    })
    const cause = new UniCloudError({ code: 1, message: 'inner' })
    const error = new UniCloudError({ errCode: 2, errMsg: 'outer', subject: 's', cause, requestId: 'r' })
    expect(error).toMatchObject({ errSubject: 's', subject: 's', requestId: 'r', name: 'UniCloudError' })
    expect(error.toJson()).toEqual({
      errCode: 2,
      errMsg: 'outer',
      errSubject: 's',
      cause: { errCode: 1, errMsg: 'inner' },
    })
    expect(Object.keys(new UniCloudError({ errCode: 3 })).sort()).toEqual(['errCode', 'errMsg'])
  })
})
