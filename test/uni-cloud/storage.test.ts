/** File storage: from functions, over HTTP, and qiniu's extension storage (spec/runtime.md §11). */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdjustableClock } from '../../clock/adjustable-clock.ts'
import { createUniCloud } from '../../runtime/guest/uni-cloud/index.ts'
import type { CloudStorage } from '../../runtime/guest/uni-cloud/storage/cloud-storage.ts'
import type { ExtStorageManager } from '../../runtime/guest/uni-cloud/storage/ext-storage.ts'
import { FileStore } from '../../runtime/host/storage/file-store.ts'
import { StorageFace } from '../../runtime/host/storage/storage-http.ts'
import { StorageService } from '../../runtime/host/storage/storage-service.ts'
import type { ProviderName } from '../../runtime/project/manifest.ts'
import { StorageSigner } from '../../runtime/storage-address.ts'
import { fakeRuntime } from './fake-runtime.ts'

type Cloud = Pick<
  CloudStorage,
  'uploadFile' | 'getTempFileURL' | 'deleteFile' | 'downloadFile' | 'getFileInfo'
> & { getExtStorageManager(options: object): ExtStorageManager }

let data: string
let clock: AdjustableClock
let store: FileStore
let server: Server
let base: string

beforeEach(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'unicloud-storage-'))
  clock = new AdjustableClock({ offsetMs: 0, frozenAt: Date.UTC(2030, 0, 1) })
  store = new FileStore(path.join(data, 'storage'), clock)
  const face = new StorageFace({ store, signer: new StorageSigner('secret'), clock })
  server = createServer((req, res) => {
    const [route = '', query = ''] = (req.url ?? '').slice('/_unicloud/storage/'.length).split('?')
    void face.handle(req, res, route, query)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await rm(data, { recursive: true, force: true })
})

function cloud(provider: ProviderName = 'aliyun'): Cloud & { lines: string[] } {
  const runtime = fakeRuntime({
    extensions: ['uni-cloud-ext-storage'],
    clock,
    space: { provider, publicUrl: base, spaceId: 'space-1' },
    services: { storage: new StorageService(store) },
  })
  return Object.assign(createUniCloud(runtime) as Cloud, { lines: runtime.lines })
}

const text = (content: string) => Buffer.from(content)

describe('uploadFile', () => {
  it('aliyun: the name gives the ending only, nothing is overwritten, the id is a URL', async () => {
    const { uploadFile } = cloud()
    const one = await uploadFile({ cloudPath: 'a/photo.PNG', fileContent: text('1') })
    const two = await uploadFile({ cloudPath: 'a/photo.PNG', fileContent: text('2') })
    expect(one.fileID).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/_unicloud\/storage\/cloudstorage\/[\w-]+\.png$/)
    expect(one.fileID).not.toBe(two.fileID)
    expect(await (await fetch(one.fileID)).text()).toBe('1')
    expect(one.requestId).toEqual(expect.any(String))
  })

  it('aliyun: a real path is kept and overwritten', async () => {
    const { uploadFile } = cloud()
    const options = { cloudPath: '/dir/一 b.txt', cloudPathAsRealPath: true }
    const { fileID } = await uploadFile({ ...options, fileContent: text('1') })
    expect(fileID).toBe(`${base}/_unicloud/storage/dir/${encodeURIComponent('一 b.txt')}`)
    await uploadFile({ ...options, fileContent: text('2') })
    expect(await (await fetch(fileID)).text()).toBe('2')
  })

  it.each(['tencent', 'alipay'] as const)('%s: the name is the path', async (provider) => {
    const { uploadFile, downloadFile } = cloud(provider)
    const { fileID } = await uploadFile({ cloudPath: 'dir/a-1.txt', fileContent: text('1') })
    expect(fileID).toBe('cloud://space-1/dir/a-1.txt')
    await uploadFile({ cloudPath: 'dir/a-1.txt', fileContent: text('2') })
    expect(String((await downloadFile({ fileID })).fileContent)).toBe('2')
  })

  it('takes buffers, paths and streams', async () => {
    const own = cloud()
    const file = path.join(data, 'own.txt')
    await writeFile(file, 'from a file')
    const read = async (fileContent: unknown) => {
      const { fileID } = await own.uploadFile({ cloudPath: 'x.txt', fileContent })
      return (await fetch(fileID)).text()
    }
    expect(await read(new Uint8Array([97, 98]))).toBe('ab')
    expect(await read(file)).toBe('from a file')
    expect(await readFile(file, 'utf8')).toBe('from a file')
    expect(own.lines).toEqual([])
    expect(await read(Readable.from(['str', 'eam']))).toBe('stream')
    expect(own.lines).toEqual([expect.stringContaining('fileContent is a stream')])
  })

  const wrong: [ProviderName, object, string, string][] = [
    ['aliyun', {}, 'INVALID_PARAM', 'cloudPath必须为字符串类型'],
    ['aliyun', { cloudPath: ' ' }, 'INVALID_PARAM', 'cloudPath不可为空'],
    ['aliyun', { cloudPath: 'http://x/y.png' }, 'INVALID_PARAM', 'cloudPath不合法'],
    [
      'aliyun',
      { cloudPath: 'a\\b.png', cloudPathAsRealPath: true },
      'INVALID_PARAM',
      '使用cloudPath作为路径时，cloudPath不可包含“\\”',
    ],
    ['aliyun', { cloudPath: '../../x.png', cloudPathAsRealPath: true }, 'INVALID_PARAM', 'cloudPath不合法'],
    ['aliyun', { cloudPath: '~qiniu/x.png', cloudPathAsRealPath: true }, 'INVALID_PARAM', 'cloudPath不合法'],
    ['aliyun', { cloudPath: 'page.HTML' }, 'ParamInvalid', 'Unsupported file type.'],
    ['tencent', { cloudPath: 'a b.png' }, 'INVALID_PARAM', 'cloudPath不合法'],
    ['alipay', { cloudPath: '../x' }, 'INVALID_PARAM', 'cloudPath不合法'],
  ]
  it.each(wrong)('%s refuses %j', async (provider, options, errCode, errMsg) => {
    const { uploadFile } = cloud(provider)
    const given = { fileContent: text('x'), ...options } as Parameters<typeof uploadFile>[0]
    await expect(uploadFile(given)).rejects.toMatchObject({ name: 'UniCloudError', errCode, errMsg })
  })

  it.each([[undefined], ['relative.txt'], ['/no/such/file'], [{ a: 1 }]])(
    'refuses the content %j',
    async (fileContent) => {
      await expect(cloud().uploadFile({ cloudPath: 'a.txt', fileContent })).rejects.toMatchObject({
        errCode: 'INVALID_PARAM',
        errMsg: expect.stringContaining('fileContent'),
      })
    },
  )

  it('keeps every file below its folder', async () => {
    const { uploadFile } = cloud()
    for (const cloudPath of ['.hidden', 'a', 'a/b', '中/文', 'x'.repeat(500), 'CON', 'a:b?c*'])
      await uploadFile({ cloudPath, cloudPathAsRealPath: true, fileContent: text(cloudPath) })
    const names = await readdir(path.join(data, 'storage', 'files'), { recursive: true })
    for (const name of names)
      expect(name).toMatch(/^[0-9a-f]{2}([/\\][0-9a-f]{40}(-[0-9a-f]{8}(\.\w+)?|\.json))?$/)
    expect(names.filter((name) => name.endsWith('.json'))).toHaveLength(7)
    expect(await readdir(path.join(data, 'storage', 'incoming'))).toEqual([])
  })
})

describe('lists of files', () => {
  it('getTempFileURL: URLs, and what is missing', async () => {
    const tencent = cloud('tencent')
    const { fileID } = await tencent.uploadFile({ cloudPath: 'a.txt', fileContent: text('1') })
    const { fileList } = await tencent.getTempFileURL({ fileList: [fileID, 'cloud://space-1/none'] })
    expect(fileList).toEqual([
      { fileID, tempFileURL: `${base}/_unicloud/storage/a.txt` },
      { fileID: 'cloud://space-1/none', tempFileURL: '', code: 'STORAGE_FILE_NONEXIST' },
    ])
    const aliyun = await cloud().getTempFileURL({ fileList: ['https://elsewhere.example/x.png'] })
    expect(aliyun.fileList).toEqual([
      { fileID: 'https://elsewhere.example/x.png', tempFileURL: 'https://elsewhere.example/x.png' },
    ])
  })

  it('getTempFileURL signs the URLs of private folders', async () => {
    store = new FileStore(path.join(data, 'storage'), clock, ['/secret/'])
    server.removeAllListeners('request')
    const face = new StorageFace({ store, signer: new StorageSigner('secret'), clock })
    server.on('request', (req, res) => {
      const [route = '', query = ''] = (req.url ?? '').slice('/_unicloud/storage/'.length).split('?')
      void face.handle(req, res, route, query)
    })
    const own = cloud('alipay')
    const { fileID } = await own.uploadFile({ cloudPath: 'secret/a.txt', fileContent: text('1') })
    expect((await fetch(`${base}/_unicloud/storage/secret/a.txt`)).status).toBe(403)
    const item = { fileID, maxAge: 10 }
    const [{ tempFileURL = '' } = {}] = (await own.getTempFileURL({ fileList: [item] })).fileList
    expect(await (await fetch(tempFileURL)).text()).toBe('1')
    clock.set({ offsetMs: 0, frozenAt: clock.now() + 10_001 })
    expect((await fetch(tempFileURL)).status).toBe(403)
  })

  it('an id stays good when the server comes back on another port', async () => {
    const own = cloud('dcloud')
    const { fileID } = await own.uploadFile({ cloudPath: 'a.txt', fileContent: text('1') })
    const moved = fileID.replace(/:\d+/, ':1')
    expect(String((await own.downloadFile({ fileID: moved })).fileContent)).toBe('1')
  })

  it('deleteFile', async () => {
    const own = cloud('tencent')
    const { fileID } = await own.uploadFile({ cloudPath: 'a.txt', fileContent: text('1') })
    expect(await own.deleteFile({ fileList: [fileID, 'cloud://space-1/none'] })).toEqual({
      fileList: [
        { fileID, code: 'SUCCESS' },
        { fileID: 'cloud://space-1/none', code: 'STORAGE_FILE_NONEXIST' },
      ],
    })
    await expect(own.downloadFile({ fileID })).rejects.toMatchObject({ errCode: 'STORAGE_FILE_NONEXIST' })
    const names = await readdir(path.join(data, 'storage', 'files'), { recursive: true, withFileTypes: true })
    expect(names.filter((entry) => entry.isFile())).toEqual([])
  })

  it('downloadFile into a file', async () => {
    const own = cloud('alipay')
    const { fileID } = await own.uploadFile({ cloudPath: 'a.txt', fileContent: text('1') })
    const tempFilePath = path.join(data, 'copy.txt')
    expect(await own.downloadFile({ fileID, tempFilePath })).toEqual({})
    expect(await readFile(tempFilePath, 'utf8')).toBe('1')
  })

  it('getFileInfo of aliyun, in seconds', async () => {
    const own = cloud()
    const { fileID } = await own.uploadFile({
      cloudPath: 'd/a.png',
      fileContent: text('123'),
      cloudPathAsRealPath: true,
    })
    const { fileList } = await own.getFileInfo({ fileList: [fileID, 'https://elsewhere.example/x'] })
    const time = Date.UTC(2030, 0, 1) / 1000
    expect(fileList).toEqual([
      {
        fileId: fileID,
        gmtCreate: time,
        gmtModified: time,
        name: 'a.png',
        size: 3,
        type: 'image/png',
        url: fileID,
      },
    ])
  })

  it.each([
    ['aliyun', 'downloadFile', { fileID: 'http://x' }],
    ['tencent', 'getFileInfo', { fileList: ['cloud://x/y'] }],
  ] as const)('%s has no %s', async (provider, method, options) => {
    await expect(cloud(provider)[method](options as never)).rejects.toMatchObject({
      errCode: 'NOT_SUPPORTED',
    })
  })

  const many = Array.from({ length: 51 }, (_, at) => `cloud://x/${at}`)
  it.each([
    ['tencent', {}, 'INVALID_PARAM', 'fileList必须是非空的数组'],
    ['alipay', { fileList: [] }, 'INVALID_PARAM', 'fileList不能为空数组'],
    ['tencent', { fileList: [''] }, 'INVALID_PARAM', 'fileList的元素必须是非空的字符串'],
    ['tencent', { fileList: [5] }, 'INVALID_PARAM', 'fileList的元素必须是非空的字符串'],
    ['tencent', { fileList: many }, 'INVALID_PARAM', 'fileList数组长度不能超过50'],
    ['aliyun', { fileList: many }, 'ParamInvalid', 'No more than 50 files at a time.'],
  ] as const)('%s refuses %j', async (provider, options, errCode, errMsg) => {
    await expect(cloud(provider).deleteFile(options as never)).rejects.toMatchObject({ errCode, errMsg })
    await expect(cloud(provider).getTempFileURL(options as never)).rejects.toMatchObject({ errCode, errMsg })
  })
})

describe('over HTTP', () => {
  const put = (key: string, content: string) =>
    store
      .put(key, { bytes: text(content) }, { overwrite: true })
      .then(() => `${base}/_unicloud/storage/${key}`)

  it('answers with type, length, CORS and an etag', async () => {
    const url = await put('a.json', '{"a":1}')
    const response = await fetch(url)
    expect(await response.json()).toEqual({ a: 1 })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': '7',
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
    })
    const etag = response.headers.get('etag') ?? ''
    expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['7', ''])
  })

  it.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['bytes=10-', 416, 'no such range\n', 'bytes */10'],
    ['bytes=-0', 416, 'no such range\n', 'bytes */10'],
    ['bytes=0-1,3-4', 200, '0123456789', null],
    ['lines=1', 200, '0123456789', null],
  ])('range %s', async (range, status, body, contentRange) => {
    const response = await fetch(await put('n.bin', '0123456789'), { headers: { range } })
    expect(response.status).toBe(status)
    expect(await response.text()).toBe(body)
    expect(response.headers.get('content-range')).toBe(contentRange)
  })

  it('an empty file is empty', async () => {
    const response = await fetch(await put('empty.txt', ''))
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  it('pages are sandboxed: the console lives on the same origin', async () => {
    const response = await fetch(await put('page.html', '<script>1</script>'))
    expect(response.headers.get('content-security-policy')).toBe('sandbox')
  })

  it.each(['none.txt', '..%2F..%2Fpackage.json', '%2e%2e/x', '%zz', ''])('%s is not found', async (name) => {
    const { status } = await new Promise<{ status: number | undefined }>((resolve) => {
      // fetch would clean the path up.
      import('node:http').then(({ get }) =>
        get({ port: new URL(base).port, path: `/_unicloud/storage/${name}` }, (res) => {
          res.resume()
          resolve({ status: res.statusCode })
        }),
      )
    })
    expect(status).toBe(404)
  })

  it('preflights and refuses other methods', async () => {
    const url = await put('a.txt', '1')
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { 'access-control-request-headers': 'x-a', 'access-control-request-private-network': 'true' },
    })
    expect(preflight.status).toBe(204)
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-headers': 'x-a',
      'access-control-allow-private-network': 'true',
    })
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405)
    expect((await fetch(`${base}/_unicloud/storage/~upload`)).status).toBe(405)
  })
})

describe('getExtStorageManager', () => {
  const options = { provider: 'qiniu', domain: 'cdn.example.com' }
  const form = (upload: ReturnType<ExtStorageManager['getUploadFileOptions']>, content: string) => {
    const body = new FormData()
    for (const [name, value] of Object.entries(upload.uploadFileOptions.formData)) body.append(name, value)
    body.append(upload.uploadFileOptions.name, new Blob([content]), 'local-name.bin')
    return fetch(upload.uploadFileOptions.url, { method: 'POST', body })
  }

  it('gives an upload form that works once, or more often when it may', async () => {
    const manager = cloud().getExtStorageManager(options)
    const once = manager.getUploadFileOptions({ cloudPath: 'dir/a.txt' })
    expect(once).toMatchObject({
      cloudPath: 'dir/a.txt',
      fileID: 'qiniu://dir/a.txt',
      fileURL: `${base}/_unicloud/storage/~qiniu/dir/a.txt`,
      uploadFileOptions: { name: 'file', formData: { key: 'dir/a.txt' } },
    })
    const answer = await form(once, 'one')
    expect([answer.status, await answer.json()]).toEqual([200, { key: '~qiniu/dir/a.txt', fsize: 3 }])
    expect(await (await fetch(once.fileURL)).text()).toBe('one')
    expect((await form(once, 'two')).status).toBe(614)
    const again = manager.getUploadFileOptions({ cloudPath: 'dir/a.txt', allowUpdate: true })
    expect((await form(again, 'two')).status).toBe(200)
    expect(await (await fetch(once.fileURL)).text()).toBe('two')
    expect(manager.getUploadFileOptions().cloudPath).toMatch(/^[0-9a-f]{32}$/)
  })

  it('refuses forms that are too large, expired, forged or no forms', async () => {
    const manager = cloud().getExtStorageManager(options)
    const small = manager.getUploadFileOptions({ fsizeLimit: 3 })
    expect((await form(small, 'abcd')).status).toBe(413)
    expect((await form(small, 'abc')).status).toBe(200)
    const forged = manager.getUploadFileOptions()
    forged.uploadFileOptions.formData.token += 'x'
    expect((await form(forged, 'x')).status).toBe(401)
    const late = manager.getUploadFileOptions()
    clock.set({ offsetMs: 0, frozenAt: clock.now() + 3600_001 })
    expect((await form(late, 'x')).status).toBe(401)
    const url = late.uploadFileOptions.url
    expect((await fetch(url, { method: 'POST', body: 'text' })).status).toBe(400)
    expect((await fetch(url, { method: 'POST', body: new FormData() })).status).toBe(400)
    expect(await readdir(path.join(data, 'storage', 'incoming'))).toEqual([])
  })

  it('uploads, downloads and deletes by id, path and URL', async () => {
    const manager = cloud().getExtStorageManager(options)
    const { fileID, fileURL } = await manager.uploadFile({ cloudPath: 'a b.txt', fileContent: text('1') })
    await expect(manager.uploadFile({ cloudPath: 'a b.txt', fileContent: text('2') })).rejects.toMatchObject({
      errCode: 'STORAGE_FILE_EXISTS',
    })
    await manager.uploadFile({ cloudPath: 'a b.txt', fileContent: text('2'), allowUpdate: true })
    for (const id of [fileID, fileURL, 'a b.txt', 'https://cdn.example.com/a%20b.txt?x=1'])
      expect(String((await manager.downloadFile({ fileID: id })).fileContent)).toBe('2')
    await expect(manager.downloadFile({ fileID: 'https://elsewhere.example/a' })).rejects.toMatchObject({
      errCode: 'INVALID_PARAM',
    })
    expect((await manager.deleteFile({ fileList: [fileURL] })).fileList).toEqual([
      { fileID, code: 'SUCCESS' },
    ])
  })

  it('private files open with a signed URL only, until it expires', async () => {
    const manager = cloud().getExtStorageManager(options)
    const { fileID, fileURL } = await manager.uploadFile({ cloudPath: 'p.txt', fileContent: text('1') })
    expect(await manager.updateFileStatus({ fileID, isPrivate: true })).toEqual({ errCode: 0, errMsg: 'ok' })
    expect((await fetch(fileURL)).status).toBe(403)
    const { fileList } = manager.getTempFileURL({ fileList: [fileID], expiresIn: 60 })
    const [{ tempFileURL = '', cloudPath = '' } = {}] = fileList
    expect(cloudPath).toBe('p.txt')
    expect((await fetch(tempFileURL)).status).toBe(200)
    expect((await fetch(tempFileURL.replace('p.txt', 'q.txt'))).status).toBe(404)
    expect((await fetch(tempFileURL.replace('sign=', 'sign=x'))).status).toBe(403)
    clock.set({ offsetMs: 0, frozenAt: clock.now() + 60_001 })
    expect((await fetch(tempFileURL)).status).toBe(403)
    await expect(manager.updateFileStatus({ fileID: 'none', isPrivate: true })).rejects.toMatchObject({
      errCode: 'STORAGE_FILE_NONEXIST',
    })
  })

  it('knows qiniu only', () => {
    expect(() => cloud().getExtStorageManager({ provider: 'other' })).toThrow(/must be "qiniu"/)
  })
})
