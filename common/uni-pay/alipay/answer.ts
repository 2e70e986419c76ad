/** Alipay's answers: what is signed is the text of a member, exactly as sent (spec/payment-platforms.md §5.2). */
import { type Fields, isFields } from '../naming.ts'

export interface GatewayAnswer {
  /** The member that says what came of it, as sent; undefined when there is none. */
  node: string | undefined
  /** The gateway itself refused the request. */
  isError: boolean
  sign: string | undefined
  certificate: string | undefined
}

/**
 * @param method such as `alipay.trade.query`
 * @throws SyntaxError when the text is not JSON
 */
export function readAnswer(text: string, method: string): GatewayAnswer {
  const members = membersOf(text)
  const node = members.get(`${method.replaceAll('.', '_')}_response`)
  const error = members.get('error_response')
  return {
    node: node ?? error,
    isError: node === undefined && error !== undefined,
    sign: stringOf(members.get('sign')),
    certificate: stringOf(members.get('alipay_cert_sn')),
  }
}

/** @throws SyntaxError when it is not an object */
export function objectIn(node: string): Fields {
  const value: unknown = JSON.parse(node)
  if (isFields(value)) return value
  throw new SyntaxError('not an object')
}

// internals

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g

/** Name -> text of the value. A name that comes twice could be checked in one place and read in another. */
function membersOf(text: string): Map<string, string> {
  objectIn(text)
  const members = new Map<string, string>()
  let [depth, name, start] = [0, '', 0]
  const end = (index: number) => {
    if (start === 0) return
    if (members.has(name)) throw new SyntaxError(`the member ${name} is repeated`)
    members.set(name, text.slice(start, index).trim())
    start = 0
  }
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    if (depth === 0) end(index)
    else if (depth !== 1) continue
    else if (token === ',') end(index)
    else if (token === ':') start = index + 1
    else if (token.startsWith('"') && start === 0) name = JSON.parse(token)
  }
  return members
}

function stringOf(json: string | undefined): string | undefined {
  const value: unknown = json === undefined ? undefined : JSON.parse(json)
  return typeof value === 'string' ? value : undefined
}
