/** Calls of WeChat's server API that uni-pay does not have: logins and access tokens. */

/**
 * Any answer of WeChat's is an answer, refusals too.
 *
 * @throws Error without the address's query and without the answer, which both hold secrets
 */
export async function askWeixin<T extends object>(
  path: string,
  options: UniCloudGuest.Row,
): Promise<Partial<T>> {
  const { data, status } = await exchange(path, options)
  const answer = objectIn(data)
  if (answer && (status === 200 || 'errcode' in answer)) return answer as Partial<T>
  throw new Error(`WeChat ${path}: HTTP ${status}${status === 200 ? ', the answer cannot be read' : ''}`)
}

// internals

async function exchange(
  path: string,
  options: UniCloudGuest.Row,
): Promise<{ data: unknown; status: number }> {
  // As text: the client's error about broken JSON quotes it.
  const common = { dataType: 'text', timeout: 10_000 }
  try {
    return await uniCloud.httpclient.request<string>(`https://api.weixin.qq.com${path}`, {
      ...common,
      ...options,
    })
  } catch (error) {
    // Not as a cause: the client's error carries the whole address.
    const { code, message } = error as { code?: string; message?: string }
    throw new Error(`WeChat ${path} does not answer: ${String(message ?? code).replace(/\?[^\s,]*/g, '')}`)
  }
}

function objectIn(text: unknown): object | undefined {
  try {
    const value: unknown = JSON.parse(String(text))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
