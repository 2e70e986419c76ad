/** From a return value to an HTTP answer (spec/http.md §5 and §6). */
import type { ResultValue } from '../invocation.ts'
import type { ProviderProfile } from '../provider.ts'
import { composedKind, composeResponse, mayBeComposed } from './composed-response.ts'
import { type HeaderList, JSON_TYPE, TEXT_TYPE } from './reply.ts'

export interface HttpAnswer {
  status: number
  headers: HeaderList
  body: string | Uint8Array
  /** Remarks for the log of the function. */
  warnings?: string[]
}

/** An integrated response that cannot be sent; `problem` is for the log. */
export interface BadAnswer {
  problem: string
}

/** @returns the answer, or what is wrong with an integrated response */
export function answerOf(value: ResultValue, profile: ProviderProfile): HttpAnswer | BadAnswer {
  if (value.type === 'bytes') {
    return {
      status: 200,
      headers: ['content-type', 'application/octet-stream'],
      body: value.bytes,
      warnings: ['returned bytes: not portable, answer an integrated response with isBase64Encoded instead'],
    }
  }
  const text = value.text
  switch (text.charCodeAt(0)) {
    case BRACE:
      return mayBeComposed(text) ? objectAnswer(text, profile) : jsonAnswer(text)
    case BRACKET:
      return jsonAnswer(text)
    case QUOTE:
      return textAnswer(JSON.parse(text) as string)
    case LETTER_N:
      return { status: 200, headers: [], body: '' }
    default:
      return textAnswer(text)
  }
}

// internals

const BRACE = 123
const BRACKET = 91
const QUOTE = 34
const LETTER_N = 110

function jsonAnswer(text: string): HttpAnswer {
  return { status: 200, headers: ['content-type', JSON_TYPE], body: text }
}

function textAnswer(text: string): HttpAnswer {
  return { status: 200, headers: ['content-type', TEXT_TYPE], body: text }
}

function objectAnswer(text: string, profile: ProviderProfile): HttpAnswer | BadAnswer {
  const value = JSON.parse(text) as Record<string, unknown>
  const kind = composedKind(value)
  if (kind === undefined) return jsonAnswer(text)
  if (kind === 'shape' && !profile.http.looseComposedResponse) {
    const hint = 'add mpserverlessComposedResponse: true if it is meant as one'
    return { ...jsonAnswer(text), warnings: [`returned what looks like an integrated response: ${hint}`] }
  }
  const composed = composeResponse(value)
  return typeof composed === 'string' ? { problem: composed } : composed
}
