/** Problems of a project as lines on stderr: what, where, how to mend it. */
import path from 'node:path'
import pc from 'picocolors'
import { formatPlace } from '../../errors/errors.ts'
import type { Manifest, ProjectProblem } from '../../runtime/project/manifest.ts'

/**
 * Prints the problems of the space and of its functions.
 * @param only show, of the functions' problems, those of this one
 */
export function printProblems(manifest: Manifest, only?: string): void {
  const entries = Object.values(manifest.functions).filter(
    (entry) => only === undefined || entry.name === only,
  )
  const problems = [
    ...(only === undefined ? manifest.problems : []),
    ...entries.flatMap((entry) => entry.problems),
  ]
  for (const problem of problems) process.stderr.write(`${problemLine(problem, manifest.root)}\n`)
}

/** One problem, paths relative to the project. */
export function problemLine(problem: ProjectProblem, root: string): string {
  const color = pc.createColors(Boolean(process.stderr.isTTY) && !process.env.NO_COLOR)
  const label = problem.severity === 'error' ? color.red('error') : color.yellow('warning')
  const where = problem.where
    ? ` (${formatPlace({ ...problem.where, file: path.relative(root, problem.where.file) || '.' })})`
    : ''
  return `${label} ${problem.message}${where}${problem.hint ? `\n  ${color.dim(problem.hint)}` : ''}`
}
