/** Which members `uniCloud` has, where, and with which extension (spec/runtime.md §8). */
import { describe, expect, it } from 'vitest'
import { createUniCloud } from '../../runtime/guest/uni-cloud/index.ts'
import type { ProviderName } from '../../runtime/project/manifest.ts'
import { fakeCall, fakeRuntime } from './fake-runtime.ts'

const always = [
  ...['database', 'redis', 'callFunction', 'importObject', 'init', 'httpclient', 'request', 'connectSocket'],
  ...['getRequestList', 'getClientInfos', 'getCloudInfos', 'logger', 'initI18n', 'deserializeSSEChannel'],
  ...['uploadFile', 'getTempFileURL', 'deleteFile', 'downloadFile', 'getFileInfo'],
]

const byProvider: Readonly<Record<ProviderName, readonly string[]>> = {
  aliyun: ['httpProxyForEip'],
  tencent: ['auth', 'customAuth'],
  alipay: ['webSocketServer'],
  dcloud: [],
}

const byExtension: Readonly<Record<string, readonly string[]>> = {
  'uni-cloud-jql': ['databaseForJQL'],
  'uni-cloud-sms': ['sendSms'],
  'uni-cloud-verify': ['getFacialRecognitionVerifyManager', 'getPhoneNumber', 'getUniVerifyManager'],
  'uni-cloud-push': ['getPushManager'],
  'uni-cloud-ext-storage': ['getExtStorageManager'],
  'uni-cloud-ai': ['ai'],
}

type Loose = Record<string, (...args: unknown[]) => unknown>

describe('members', () => {
  it.each(Object.entries(byProvider))('%s', (provider, own) => {
    const uniCloud = createUniCloud(fakeRuntime({ space: { provider: provider as ProviderName } }))
    expect(Object.keys(uniCloud).sort()).toEqual([...always, ...own].sort())
  })

  it.each(Object.entries(byExtension))('%s', (extension, own) => {
    const uniCloud = createUniCloud(fakeRuntime({ extensions: [extension] }))
    expect(Object.keys(uniCloud).sort()).toEqual([...always, 'httpProxyForEip', ...own].sort())
  })

  it('an absent member is undefined, throws when called, and is explained once', () => {
    const runtime = fakeRuntime()
    const uniCloud = createUniCloud(runtime) as Loose
    expect('sendSms' in uniCloud).toBe(false)
    expect(() => uniCloud.sendSms?.call(uniCloud)).not.toThrow()
    expect(() => (uniCloud as { sendSms(): void }).sendSms()).toThrow(
      new TypeError('uniCloud.sendSms is not a function'),
    )
    expect(uniCloud.webSocketServer).toBeUndefined()
    expect(uniCloud.neverHeardOf).toBeUndefined()
    expect(runtime.lines).toEqual([
      'warn system uniCloud.sendSms needs its extension: add "extensions": { "uni-cloud-sms": {} } to the package.json of fake',
      'warn system uniCloud.webSocketServer does not exist on aliyun',
    ])
  })

  it('works without `this`', () => {
    const runtime = fakeRuntime({ calls: [fakeCall('r1')] })
    const { getRequestList, getClientInfos, getCloudInfos, logger } = createUniCloud(runtime) as Loose & {
      logger: Loose
    }
    expect(getRequestList?.()).toEqual(['r1'])
    expect(getClientInfos?.()).toMatchObject([{ requestId: 'r1', clientIP: '127.0.0.1' }])
    expect(getCloudInfos?.()).toEqual([
      {
        provider: 'aliyun',
        spaceId: 'fake-space',
        useOldSpaceId: false,
        functionName: 'fake',
        functionType: 'cloudfunction',
        runtimeEnv: 'local',
        requestId: 'r1',
      },
    ])
    logger.warn?.('kept', 1)
    expect(runtime.lines).toEqual(['warn logger kept 1'])
  })

  it('takes members that others add', () => {
    const uniCloud = createUniCloud(fakeRuntime()) as Record<string, unknown>
    uniCloud.$args = { a: 1 }
    expect(uniCloud.$args).toEqual({ a: 1 })
  })

  it('databaseForJQL says what is missing', () => {
    const uniCloud = createUniCloud(fakeRuntime({ extensions: ['uni-cloud-jql'] })) as Loose
    expect(() => uniCloud.databaseForJQL?.({})).toThrow(/no JQL engine/)
  })

  it('ai rejects every method', async () => {
    const { ai } = createUniCloud(fakeRuntime({ extensions: ['uni-cloud-ai'] })) as { ai: Loose } & object
    const manager = ai.getLLMManager?.({}) as Record<string, () => Promise<unknown>>
    await expect(manager.chatCompletion?.()).rejects.toMatchObject({ errCode: 'NOT_SUPPORTED' })
    expect(await Promise.resolve(manager)).toBe(manager)
  })
})

describe('initI18n', () => {
  const messages = { en: { hi: 'hi {name}', list: '{0} and {1}' }, 'zh-Hans': { hi: '你好 {name}' } }
  const i18n = (locale: string) =>
    (createUniCloud(fakeRuntime()) as Loose).initI18n?.({ locale, fallbackLocale: 'en', messages }) as {
      t(key: string, ...more: unknown[]): string
      setLocale(locale: string): void
      getLocale(): string
    }

  it.each([
    ['en', 'hi Li'],
    ['zh-CN', '你好 Li'],
    ['zh', '你好 Li'],
    ['de', 'hi Li'],
  ])('%s', (locale, text) => {
    expect(i18n(locale).t('hi', { name: 'Li' })).toBe(text)
  })

  it('changes its locale and translates for another one', () => {
    const own = i18n('en')
    expect(own.t('list', ['a', 'b'])).toBe('a and b')
    expect(own.t('hi', 'zh-Hans', { name: 'Li' })).toBe('你好 Li')
    own.setLocale('zh-Hans')
    expect(own.getLocale()).toBe('zh-Hans')
    expect(() => i18n('fr')).not.toThrow()
  })
})
