/** Raw replies -> what node-redis v3 gives (spec/redis.md §2). */

/** @param name of the command, lower case */
export function shapeReply(name: string, reply: unknown): unknown {
  return name === 'hgetall' && Array.isArray(reply) ? asObject(reply) : reply
}

// internals

/** A flat list of fields and values -> object; nothing at all -> null, as v3 has it. */
function asObject(flat: readonly unknown[]): Record<string, unknown> | null {
  if (flat.length === 0) return null
  const fields: Record<string, unknown> = {}
  for (let at = 0; at < flat.length; at += 2) {
    // A field may be called `__proto__`.
    Object.defineProperty(fields, String(flat[at]), {
      value: flat[at + 1],
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return fields
}
