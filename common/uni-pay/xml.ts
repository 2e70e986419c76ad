/**
 * The XML of WeChat: one element of elements, all text (spec/payment-platforms.md §2, §4.1). No document type, so no
 * entities of its own.
 */
import { XMLBuilder, XMLParser } from 'fast-xml-parser'
import { type Fields, isFields } from './naming.ts'

/** @throws Error when it is not such XML; the message says what is wrong and repeats nothing of it */
export function parseXml(text: string): Record<string, string> {
  const fields = parseXmlTree(text)
  const wrong = Object.keys(fields).find((name) => typeof fields[name] !== 'string')
  if (wrong === undefined) return fields as Record<string, string>
  throw new Error(`the element ${wrong} is repeated, or holds more than text`)
}

/** The same for messages that have elements in elements; one that is repeated becomes a list. */
export function parseXmlTree(text: string): Fields {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new Error('a document type is not allowed')
  const [root] = Object.values(parsed(text))
  if (isFields(root)) return withoutSpace(root)
  throw new Error('there is no element with elements in it')
}

/** `<xml>` with a CDATA section for each value. */
export function buildXml(fields: Readonly<Record<string, unknown>>): string {
  const content = Object.entries(fields).map(([name, value]) => [name, { [cdata]: String(value) }])
  return new XMLBuilder({ cdataPropName: cdata }).build({ xml: Object.fromEntries(content) })
}

// internals

const cdata = '#cdata'

/** What stands between elements. */
function withoutSpace({ '#text': _, ...fields }: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, isFields(value) ? withoutSpace(value) : value]),
  )
}

function parsed(text: string): Fields {
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
    return parser.parse(text, true) as Fields
  } catch {
    throw new Error('it is not well-formed')
  }
}
