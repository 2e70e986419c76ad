/** Calls of WeChat's server API that uni-pay does not have: logins and access tokens. */

/** @throws Error without the address's query, which holds secrets; any answer is an answer */
export async function askWeixin<T extends object>(
  path: string,
  options: UniCloudGuest.Row,
): Promise<Partial<T>> {
  const common = { dataType: 'json', timeout: 10_000 }
  try {
    const { data } = await uniCloud.httpclient.request<T>(`https://api.weixin.qq.com${path}`, {
      ...common,
      ...options,
    })
    return data ?? {}
  } catch (error) {
    // Not as a cause: the client's error carries the whole address.
    const { code, message } = error as { code?: string; message?: string }
    throw new Error(`WeChat ${path} does not answer: ${String(message ?? code).replace(/\?[^\s,]*/g, '')}`)
  }
}
