/**
 * The XML of WeChat: one element of elements, all text (spec/payment-platforms.md §2, §4.1). No document type, so no
 * entities of its own.
 */
import { XMLBuilder, XMLParser } from 'fast-xml-parser'
import { isFields } from './naming.ts'

/** @throws Error when it is not such XML; the message says what is wrong and repeats nothing of it */
export function parseXml(text: string): Record<string, string> {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new Error('a document type is not allowed')
  const { root, ...others } = parsed(text)
  const [content] = Object.values(others)
  const fields = root ?? content
  if (!isFields(fields)) throw new Error('there is no element with elements in it')
  const entries = Object.entries(fields).filter(([name]) => name !== '#text')
  const wrong = entries.find(([, value]) => typeof value !== 'string')
  if (wrong) throw new Error(`the element ${wrong[0]} is repeated, or holds more than text`)
  return Object.fromEntries(entries) as Record<string, string>
}

/** `<xml>` with a CDATA section for each value. */
export function buildXml(fields: Readonly<Record<string, unknown>>): string {
  const content = Object.entries(fields).map(([name, value]) => [name, { [cdata]: String(value) }])
  return new XMLBuilder({ cdataPropName: cdata }).build({ xml: Object.fromEntries(content) })
}

// internals

const cdata = '#cdata'

function parsed(text: string): Record<string, unknown> {
  const parser = new XMLParser({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
    parseTagValue: false,
    trimValues: false,
    // Also what decodes `&#27979;`.
    htmlEntities: true,
  })
  try {
    return parser.parse(text, true) as Record<string, unknown>
  } catch {
    throw new Error('it is not well-formed')
  }
}
