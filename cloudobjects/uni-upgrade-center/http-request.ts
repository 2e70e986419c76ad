/** Parameters of a URL-ized call (spec/upgrade-center.md §4): the query of a GET, the JSON body of anything else. */

type Parameters = Record<string, unknown>

/** Whether an event is an integrated request; the official function looks for headers, and so do we. */
export function isHttpRequest(event: Parameters): event is Parameters & UniCloudGuest.HttpInfo {
  return Boolean(event.headers)
}

/** Undefined when the body cannot be understood. */
export function requestParameters(http: UniCloudGuest.HttpInfo): Parameters | undefined {
  return http.httpMethod === 'GET' ? (http.queryStringParameters ?? {}) : bodyParameters(http)
}

/** The JSON object of the body; undefined when it is none. */
export function bodyParameters(http: UniCloudGuest.HttpInfo): Parameters | undefined {
  const text = http.isBase64Encoded ? Buffer.from(http.body, 'base64').toString('utf8') : http.body
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Parameters) : undefined
  } catch {
    return undefined
  }
}
