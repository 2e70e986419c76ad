/** One thing that is wrong, or worth knowing, about a data folder. */
export interface Finding {
  /** `error`: data is lost or will be answered wrongly. `warning`: the next start mends it. `note`: harmless. */
  readonly severity: 'error' | 'warning' | 'note'
  /** The file it is about, by its name in the folder. */
  readonly file?: string
  /** `database.collection` */
  readonly collection?: string
  readonly message: string
}

/** Collects findings; of many alike only the first are kept, and the rest are counted. */
export class Findings {
  readonly #list: Finding[] = []

  /** Everything found, the worst first. */
  get list(): readonly Finding[] {
    const order = { error: 0, warning: 1, note: 2 }
    return [...this.#list].sort((a, b) => order[a.severity] - order[b.severity])
  }

  add(
    severity: Finding['severity'],
    message: string,
    place: { file?: string; collection?: string } = {},
  ): void {
    this.#list.push({ severity, message, ...place })
  }

  /** Errors that may come by the thousand. @returns how many there were */
  addAll(messages: Iterable<string>, place: { file?: string; collection?: string }): number {
    let count = 0
    for (const message of messages) if (++count <= MOST_ALIKE) this.add('error', message, place)
    if (count > MOST_ALIKE) this.add('error', `… and ${count - MOST_ALIKE} more of this kind`, place)
    return count
  }
}

// internals

const MOST_ALIKE = 10
