import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that goes when the test does. */
export class TempFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'unicloud-tools-'))

  file(...names: string[]): string {
    return join(this.path, ...names)
  }

  write(name: string, contents: string | Uint8Array): string {
    writeFileSync(this.file(name), contents)
    return this.file(name)
  }

  read(...names: string[]): string {
    return readFileSync(this.file(...names), 'utf8')
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
