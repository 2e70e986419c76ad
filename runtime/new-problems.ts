/** Problems of a project that came up since it was looked at last: what a reload has to tell. */
import type { Manifest, ProjectProblem } from './project/manifest.ts'

export class NewProblems {
  #known: Set<string>

  constructor(manifest: Manifest) {
    this.#known = new Set(allProblems(manifest).map(keyOf))
  }

  /** Those of this reading that were not in the one before; one that was mended and comes back counts again. */
  of(manifest: Manifest): ProjectProblem[] {
    const all = allProblems(manifest)
    const fresh = all.filter((problem) => !this.#known.has(keyOf(problem)))
    this.#known = new Set(all.map(keyOf))
    return fresh
  }
}

// internals

function allProblems(manifest: Manifest): ProjectProblem[] {
  return [...manifest.problems, ...Object.values(manifest.functions).flatMap((entry) => entry.problems)]
}

/** Without line and column: an edit above moves a problem, it does not make another one of it. */
function keyOf({ severity, message, where }: ProjectProblem): string {
  return JSON.stringify([severity, message, where?.file])
}
