/** Which variable a name means, found while compiling. */

/** A cell of this call, a cell of a function around it, or a global. */
export type Variable =
  | { kind: 'local'; slot: number }
  | { kind: 'outer'; slot: number }
  | { kind: 'global'; name: string }

/** How a function gets at a cell from outside when it is made. */
export interface Capture {
  /** Whether it is a cell of the call that makes the function, or one that call has from outside itself. */
  local: boolean
  slot: number
}

/** One function while it is compiled. */
export class FunctionScope {
  readonly captures: Capture[] = []
  readonly hasVarargs: boolean
  readonly #parent: FunctionScope | undefined
  readonly #captured = new Map<string, number>()
  readonly #blocks: Map<string, number>[] = [new Map()]
  #slots = 0

  constructor(parent: FunctionScope | undefined, hasVarargs: boolean) {
    this.#parent = parent
    this.hasVarargs = hasVarargs
  }

  /** Variables declared until `leave` end there. */
  enter(): void {
    this.#blocks.push(new Map())
  }

  leave(): void {
    this.#blocks.pop()
  }

  declare(name: string): number {
    const slot = this.#slots++
    this.#blocks.at(-1)?.set(name, slot)
    return slot
  }

  find(name: string): Variable {
    const local = this.#local(name)
    if (local !== undefined) return { kind: 'local', slot: local }
    const outer = this.#outer(name)
    return outer === undefined ? { kind: 'global', name } : { kind: 'outer', slot: outer }
  }

  // internals

  #local(name: string): number | undefined {
    for (let at = this.#blocks.length - 1; at >= 0; at--) {
      const slot = this.#blocks[at]?.get(name)
      if (slot !== undefined) return slot
    }
    return undefined
  }

  #outer(name: string): number | undefined {
    const parent = this.#parent
    if (!parent) return undefined
    const local = parent.#local(name)
    const slot = local ?? parent.#outer(name)
    if (slot === undefined) return undefined
    // Names may be declared again around the function between two uses: the cell decides, not the name.
    const key = `${local !== undefined ? 'l' : 'o'}${slot}`
    const known = this.#captured.get(key)
    if (known !== undefined) return known
    this.captures.push({ local: local !== undefined, slot })
    this.#captured.set(key, this.captures.length - 1)
    return this.captures.length - 1
  }
}
