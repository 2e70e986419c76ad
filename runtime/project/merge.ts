/**
 * One flat namespace out of the project, its plug-ins and what ships with us (spec/runtime.md §1.3): the project wins
 * over plug-ins, with a warning; two plug-ins with the same name are an error; built-ins give way silently.
 */
import type { ProjectProblem } from './manifest.ts'

export interface Member {
  origin: string
}

export class Namespace<T extends Member> {
  readonly #members = new Map<string, T>()
  readonly #what: string
  readonly #place: (member: T) => string
  readonly #problems: ProjectProblem[]

  /**
   * @param what names the kind of member in messages
   * @param place file or folder of a member
   * @param problems takes the clashes
   */
  constructor(what: string, place: (member: T) => string, problems: ProjectProblem[]) {
    this.#what = what
    this.#place = place
    this.#problems = problems
  }

  /** Members come in the order of their rank: project, plug-ins, built-ins. */
  add(name: string, member: T): void {
    const present = this.#members.get(name)
    if (present === undefined) this.#members.set(name, member)
    else if (member.origin !== 'builtin') this.#clash(name, present, member)
  }

  get(name: string): T | undefined {
    return this.#members.get(name)
  }

  set(name: string, member: T): void {
    this.#members.set(name, member)
  }

  values(): T[] {
    return [...this.#members.values()]
  }

  toRecord(): Record<string, T> {
    return Object.fromEntries(this.#members)
  }

  #clash(name: string, present: T, other: T): void {
    const where = { file: this.#place(other) }
    const title = `${this.#what} ${name}`
    if (rank(present) < rank(other)) {
      const message = `${title} of the project hides the one of uni_modules/${other.origin}`
      this.#problems.push({ severity: 'warning', message, where })
      return
    }
    this.#problems.push({
      severity: 'error',
      message: `${title} exists twice: ${this.#place(present)} and ${this.#place(other)}`,
      where,
      hint: 'rename or remove one of them; a copy in the project itself wins over plug-ins',
    })
  }
}

// internals

function rank(member: Member): number {
  return member.origin === 'project' ? 0 : member.origin === 'builtin' ? 2 : 1
}
