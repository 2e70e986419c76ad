/** How a call is named in the log: `name.method` where something says which method is meant. */
import type { Payload } from '../invocation.ts'
import type { FunctionEntry } from '../project/manifest.ts'

/** Longer names are cut: they come from whoever sent the request. */
const shownLength = 200

/** @param entry of the function, where there is one of that name */
export function callTarget(name: string, payload: Payload, entry: FunctionEntry | undefined): string {
  const isObject = entry?.kind === 'cloudobject'
  switch (payload.type) {
    case 'method':
      return `${name}.${shown(payload.method)}`
    case 'timing':
      return isObject ? `${name}._timing` : name
    case 'http':
      return `${name} ${payload.http.httpMethod} ${shown(payload.http.path)}`
    case 'event': {
      // The client SDK and `callFunction` name the method in the data (spec/client-protocol.md §3.5).
      const method = isObject ? (payload.event as { method?: unknown } | null)?.method : undefined
      return typeof method === 'string' && method !== '' ? `${name}.${shown(method)}` : name
    }
  }
}

// internals

/** One line of a terminal, whatever was sent. */
function shown(text: string): string {
  const line = text.replaceAll(/\p{Cc}/gu, '?')
  return line.length > shownLength ? `${line.slice(0, shownLength)}…` : line
}
