/** The environment of functions: nothing of the host's but what they need to run (spec/runtime.md §2). */

/** Handed on when the host has them; the second row is what Windows cannot do without. */
const passed = [
  ...['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_EXTRA_CA_CERTS'],
  ...['SystemRoot', 'windir', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'COMSPEC', 'PATHEXT'],
]

/**
 * @param own what the configuration adds
 * @param timeZone IANA name; functions run in the provider's zone, not in the machine's
 */
export function functionEnvironment(own: Record<string, string>, timeZone: string): Record<string, string> {
  const env: Record<string, string> = {}
  for (const name of passed) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return { ...env, TZ: timeZone, ...own }
}

/**
 * Threads share the time zone of their process, so the space sets it for the whole process while it is open.
 * @returns gives the former zone back
 */
export function useTimeZone(timeZone: string): Disposable {
  const before = process.env.TZ
  if (before === timeZone) return { [Symbol.dispose]() {} }
  process.env.TZ = timeZone
  return {
    [Symbol.dispose]() {
      if (before === undefined) delete process.env.TZ
      else process.env.TZ = before
    },
  }
}
