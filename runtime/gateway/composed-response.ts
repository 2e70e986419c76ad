/** Integrated responses: `{ mpserverlessComposedResponse, statusCode, headers, body, isBase64Encoded }` (spec/http.md §6). */
import { validateHeaderName } from 'node:http'
import { type HeaderList, TEXT_TYPE } from './reply.ts'

export interface ComposedResponse {
  status: number
  headers: HeaderList
  body: string | Buffer
  /** Remarks for the log of the function. */
  warnings: string[]
}

/**
 * A quick test on JSON text, before anything is parsed: `JSON.stringify` writes no spaces, so the members of an
 * integrated response can only look like this. False positives are sorted out by `isComposed`.
 */
export function mayBeComposed(json: string): boolean {
  return (
    json.includes('"mpserverlessComposedResponse":true') ||
    json.includes('"statusCode":') ||
    json.includes('"isBase64Encoded":')
  )
}

/**
 * Whether a returned object is an integrated response: `flag` with the flag, `shape` without it but as tencent and
 * alipay recognise one.
 */
export function composedKind(value: Record<string, unknown>): 'flag' | 'shape' | undefined {
  if (value.mpserverlessComposedResponse === true) return 'flag'
  if (Number.isInteger(value.statusCode)) return 'shape'
  if (typeof value.isBase64Encoded === 'boolean' && typeof value.body === 'string') return 'shape'
  return undefined
}

/** @returns text: what is wrong with it, naming the member */
export function composeResponse(value: Record<string, unknown>): ComposedResponse | string {
  const status = value.statusCode ?? 200
  // Statuses below 200 are no final answers: the caller would wait for ever.
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599)
    return `statusCode ${JSON.stringify(status)} is not an integer from 200 to 599`
  const body = composedBody(value)
  if (body === undefined) return bodyProblem(value)
  const warnings: string[] = []
  const headers = composedHeaders(value, warnings)
  if (typeof headers === 'string') return headers
  return { status: status as number, headers, body, warnings }
}

// internals

/** Framing belongs to the server; an echoed request brings its own (spec/http.md §6). */
const ignoredHeaders = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'trailer',
  'te',
  'expect',
])

function composedBody(value: Record<string, unknown>): string | Buffer | undefined {
  const body = value.body ?? ''
  if (typeof body !== 'string') return undefined
  if (value.isBase64Encoded !== true) return body
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(body) || body.replace(/=+$/, '').length % 4 === 1) return undefined
  return Buffer.from(body, 'base64')
}

function bodyProblem(value: Record<string, unknown>): string {
  if (typeof value.body === 'string') return 'body is not valid base64, but isBase64Encoded is true'
  const type = Array.isArray(value.body) ? 'an array' : `of type ${typeof value.body}`
  return `body is ${type}, it must be a string (use JSON.stringify for objects)`
}

function composedHeaders(value: Record<string, unknown>, warnings: string[]): HeaderList | string {
  const given = value.headers ?? {}
  if (typeof given !== 'object' || Array.isArray(given)) return 'headers is not an object'
  const list: HeaderList = []
  let typed = false
  for (const [key, member] of Object.entries(given)) {
    const name = key.toLowerCase()
    if (ignoredHeaders.has(name) || member === null || member === undefined) continue
    if (!isHeaderName(name)) return `headers: ${JSON.stringify(key)} is not a header name`
    for (const single of Array.isArray(member) ? member : [member]) {
      const text = headerText(single)
      if (text === undefined) return `headers: the value of ${JSON.stringify(key)} cannot be sent`
      if (name === 'content-type') typed = true
      list.push(name, name === 'content-type' ? withCharset(text) : wireText(text, key, warnings))
    }
  }
  if (!typed)
    list.push('content-type', value.isBase64Encoded === true ? 'application/octet-stream' : TEXT_TYPE)
  return list
}

function isHeaderName(name: string): boolean {
  try {
    validateHeaderName(name)
    return true
  } catch {
    return false
  }
}

function headerText(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  const text = String(value)
  // Control characters would split or break the head.
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((code < 32 && code !== 9) || code === 127) return undefined
  }
  return text
}

/** Header values are bytes; text beyond Latin-1 (a Chinese file name) goes out as UTF-8, which browsers understand. */
function wireText(text: string, name: string, warnings: string[]): string {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) < 256) continue
    warnings.push(`header ${name} holds characters that HTTP headers cannot; sent as UTF-8. Encode it.`)
    return Buffer.from(text, 'utf8').toString('latin1')
  }
  return text
}

function withCharset(type: string): string {
  const plain = type.toLowerCase()
  if (plain.includes('charset=')) return wireText(type, 'content-type', [])
  const main = plain.split(';')[0]!.trim()
  const textual = main.startsWith('text/') || charsetTypes.has(main)
  return textual ? `${type}; charset=utf-8` : wireText(type, 'content-type', [])
}

const charsetTypes = new Set(['application/json', 'application/javascript', 'application/xml'])
