/** A project in a temporary folder that a test may edit. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export class ProjectFolder implements Disposable {
  readonly root = mkdtempSync(path.join(tmpdir(), 'unicloud-project-'))

  constructor(files: Record<string, string>) {
    for (const [name, text] of Object.entries(files)) this.write(name, text)
  }

  /**
   * @param name below `cloudfunctions/`
   * @returns the absolute path
   */
  write(name: string, text: string): string {
    const file = this.path(name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  remove(name: string): string {
    rmSync(this.path(name), { recursive: true })
    return this.path(name)
  }

  path(name: string): string {
    return path.join(this.root, 'uniCloud-aliyun', 'cloudfunctions', name)
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
