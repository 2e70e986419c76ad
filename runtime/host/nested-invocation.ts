/** A call from one function to another, as it comes out of an instance: user code could have sent anything. */
import type { NestedInvocation } from '../guest/guest-context.ts'

/** @throws TypeError when it is no call */
export function checkNested(sent: unknown): NestedInvocation {
  const { name, payload, timeoutMs, spaceId } = (sent ?? {}) as Partial<NestedInvocation>
  if (typeof name !== 'string' || (payload?.type !== 'event' && payload?.type !== 'method')) {
    throw new TypeError('a nested call needs the name of a function and an event or a method')
  }
  return {
    name,
    payload,
    ...(typeof timeoutMs === 'number' ? { timeoutMs } : {}),
    ...(typeof spaceId === 'string' ? { spaceId } : {}),
  }
}
