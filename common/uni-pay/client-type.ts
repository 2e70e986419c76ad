/** What kind of client asks, where neither the order nor the options say how it is paid (spec/uni-pay.md §1, D3). */

/** @returns the option, else the client of the running call; undefined when no client made it */
export function clientTypeOf({ clientType }: { clientType?: string }): string | undefined {
  const { __ctx__: call } = globalThis as { __ctx__?: { PLATFORM?: string } }
  return clientType || call?.PLATFORM
}

/** `app`, `app-plus`, `app-harmony`, … */
export function isApp(clientType: string | undefined): boolean {
  return clientType !== undefined && /^app(?:-|$)/.test(clientType)
}
