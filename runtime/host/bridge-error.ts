/** Errors of services on their way into an instance. */
import type { BridgeError, HostMessage } from '../bridge.ts'

/** An error as data. Own members that cannot be cloned are left out. */
export function bridgeError(error: unknown): BridgeError {
  if (!(error instanceof Error)) return { message: String(error) }
  const details: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(error)) {
    if (key !== 'code' && key !== 'name' && typeof value !== 'function' && typeof value !== 'symbol') {
      details[key] = value
    }
  }
  const sent: BridgeError = { message: error.message, name: error.name, details }
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' || typeof code === 'number') sent.code = code
  return sent
}

/** What to send when a message could not be cloned: a guest that waits for an answer is told why there is none. */
export function insteadOf(message: HostMessage, error: unknown): HostMessage | undefined {
  if (message.t !== 'reply') return undefined
  const why = error instanceof Error ? error.message : String(error)
  return { t: 'reply', id: message.id, ok: false, error: { message: `the answer cannot be sent: ${why}` } }
}
