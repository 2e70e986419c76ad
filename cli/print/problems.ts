/** Problems of a project as lines on stderr: what, where, how to mend it. */
import path from 'node:path'
import pc from 'picocolors'
import { formatPlace } from '../../errors/errors.ts'
import type { Manifest, ProjectProblem } from '../../runtime/project/manifest.ts'
import { printRemark } from './remark.ts'

/**
 * Prints the problems of the space and of its functions.
 * @param options.only show the problems of this function, and no others
 * @param options.json as JSON lines
 */
export function printProblems(
  manifest: Manifest,
  { only, json = false }: { only?: string; json?: boolean } = {},
): void {
  const entries = Object.values(manifest.functions).filter(
    (entry) => only === undefined || entry.name === only,
  )
  const problems = [
    ...(only === undefined ? manifest.problems : []),
    ...entries.flatMap((entry) => entry.problems),
  ]
  for (const problem of problems) {
    const { severity, message, where, hint } = problem
    const level = severity === 'error' ? severity : 'warn'
    printRemark({ level, shown: problemLine(problem, manifest.root), text: message, where, hint }, json)
  }
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
