/** The table `uni-id-users`, as far as orders name their users. */

export async function findNickname(uid: string): Promise<string | undefined> {
  const { data } = await uniCloud
    .database()
    .collection('uni-id-users')
    .where({ _id: uid })
    .field({ nickname: true })
    .limit(1)
    .get()
  const nickname = data[0]?.nickname
  return typeof nickname === 'string' ? nickname : undefined
}
