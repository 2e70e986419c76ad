/** `uniCloud` is the same whatever carries the instance (shared design, decision 1). */
import { describe, expect, it } from 'vitest'
import { guestCode } from './guest-code.ts'

describe.each(['process', 'in-process'] as const)('isolation %s', (isolation) => {
  it('database, redis, files, calls and services work', async () => {
    await using guest = await guestCode({ isolation })
    const code = `
      const redis = uniCloud.redis()
      await redis.set('a', Buffer.from([0xe4, 0xb8, 0xad]))
      const { id } = await uniCloud.database().collection('a').add({ n: 1, at: new Date(0) })
      const { data } = await uniCloud.database().collection('a').doc(id).get()
      const { fileID } = await uniCloud.uploadFile({ cloudPath: 'a.txt', fileContent: Buffer.from('hi') })
      const { fileList } = await uniCloud.getFileInfo({ fileList: [fileID] })
      const { result } = await uniCloud.callFunction({ name: 'counter', data: { n: 1 } })
      const sent = await uniCloud.sendSms({ phone: '1', templateId: 't' })
      return [await redis.get('a'), data[0].n, fileList[0].size, result.got, sent.errCode]`
    expect(await guest.run(code)).toEqual(['中', 1, 2, { n: 1 }, 0])
  })
})
