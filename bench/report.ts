/** Collects results and prints them as the Markdown that docs/benchmarks.md shows. */
export class Report {
  readonly #lines: string[] = []

  section(title: string): void {
    this.#add(`\n### ${title}\n`)
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    this.#add(`| ${head.join(' | ')} |`)
    this.#add(`| ${head.map(() => '---').join(' | ')} |`)
    for (const row of rows) this.#add(`| ${row.join(' | ')} |`)
  }

  text(line: string): void {
    this.#add(line)
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }

  #add(line: string): void {
    this.#lines.push(line)
    process.stdout.write(`${line}\n`)
  }
}
