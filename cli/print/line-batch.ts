/**
 * Lines that go out with one write per turn of the event loop. A write to stderr blocks and costs more than the call
 * it tells of; a server under load finishes dozens of calls in one turn.
 */
export class LineBatch implements Disposable {
  readonly #write: (text: string) => void
  #text = ''
  readonly #flush = (): void => {
    if (this.#text === '') return
    const text = this.#text
    this.#text = ''
    this.#write(text)
  }

  constructor(write: (text: string) => void) {
    this.#write = write
    // The lines before an end without warning are the ones that matter.
    process.on('exit', this.#flush)
  }

  /** @param line without its line break; undefined is no line */
  add(line: string | undefined): void {
    if (line === undefined) return
    // Not later than this: what the same turn answers should not come before what it logged.
    if (this.#text === '') queueMicrotask(this.#flush)
    this.#text += `${line}\n`
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#flush)
    this.#flush()
  }
}
