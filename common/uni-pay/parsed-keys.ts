/**
 * Keys once parsed, by their text. Reading a private key costs half a millisecond, more than everything else about a
 * notification, and uni-pay-co makes an instance of uni-pay for each. Files are still read every time, so a key that
 * was replaced counts at once.
 */
export class ParsedKeys {
  readonly #keys = new Map<string, unknown>()

  /**
   * @param kind what the text is read as
   * @param parse what it throws is not kept
   */
  get<T>(kind: string, text: string, parse: () => T): T {
    const name = `${kind}\n${text}`
    const known = this.#keys.get(name) as T | undefined
    if (known !== undefined) return known
    const parsed = parse()
    if (this.#keys.size >= most) this.#keys.clear()
    this.#keys.set(name, parsed)
    return parsed
  }
}

/** One per process: whatever the text, the key is the same. */
export const sharedKeys = new ParsedKeys()

// internals

/** More than a project with every platform has; who makes keys as he goes does not fill the memory. */
const most = 100
