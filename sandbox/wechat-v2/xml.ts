/** The XML of WeChat Pay V2 and of its message pushes: one level of names and texts (payment-platforms.md §2, §4.1). */
import { XMLParser } from 'fast-xml-parser'
import { isObject } from '../core/json.ts'

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
})

/**
 * Text and CDATA count the same; nested elements are left out.
 * @returns undefined for what is no XML, or brings a document type (and with it entities) of its own
 */
export function parseXml(text: string): Record<string, string> | undefined {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) return undefined
  try {
    const root = Object.values(parser.parse(text) as Record<string, unknown>).find(isObject)
    if (!root) return undefined
    return Object.fromEntries(
      Object.entries(root).filter(
        // `#text` is the white space between elements.
        (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== '#text',
      ),
    )
  } catch {
    return undefined
  }
}

/** @param root `xml`, or `root` inside refund notifications */
export function writeXml(values: Record<string, string>, root = 'xml'): string {
  const elements = Object.entries(values).map(([name, value]) => `<${name}>${cdata(value)}</${name}>`)
  return `<${root}>${elements.join('')}</${root}>`
}

// internals

/** What would end the section is split over two. */
function cdata(value: string): string {
  return `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}
