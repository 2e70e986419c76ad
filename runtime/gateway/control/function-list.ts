/** `GET functions`: what the space offers, and what is wrong with it. */
import { formatPlace } from '../../../errors/errors.ts'
import type { FunctionEntry, ProjectProblem } from '../../project/manifest.ts'
import type { Space } from '../../space-api.ts'

export interface FunctionView {
  name: string
  kind: FunctionEntry['kind']
  /** Public methods of a cloud object; empty for functions, and for objects that cannot be loaded. */
  methods: string[]
  config: FunctionEntry['config']
  /** Entry file, absolute. */
  source: string
  origin: string
  /** Where it can be called over HTTP, when it has a path. */
  url?: string
  errors: ProblemView[]
  warnings: ProblemView[]
}

export interface ProblemView {
  message: string
  /** `file:line:column` */
  where?: string
  hint?: string
}

export async function functionList(
  space: Space,
): Promise<{ functions: FunctionView[]; errors: ProblemView[]; warnings: ProblemView[] }> {
  const entries = Object.values(space.manifest.functions).sort((a, b) => (a.name < b.name ? -1 : 1))
  const functions = await Promise.all(entries.map((entry) => functionView(space, entry)))
  return { functions, ...problemViews(space.manifest.problems) }
}

// internals

async function functionView(space: Space, entry: FunctionEntry): Promise<FunctionView> {
  const { name, kind, config, origin } = entry
  const problems = problemViews(entry.problems)
  const view: FunctionView = { name, kind, methods: [], config, source: entry.entry, origin, ...problems }
  if (config.path !== '' && space.publicUrl !== undefined) view.url = space.publicUrl + config.path
  // One with errors cannot be loaded, and the reason is already there.
  if (kind === 'cloudobject' && view.errors.length === 0) {
    try {
      view.methods = await space.methods(name)
    } catch (error) {
      view.errors.push({ message: error instanceof Error ? error.message : String(error) })
    }
  }
  return view
}

function problemViews(problems: readonly ProjectProblem[]): {
  errors: ProblemView[]
  warnings: ProblemView[]
} {
  const of = (severity: ProjectProblem['severity']): ProblemView[] =>
    problems.filter((problem) => problem.severity === severity).map(problemView)
  return { errors: of('error'), warnings: of('warning') }
}

function problemView({ message, where, hint }: ProjectProblem): ProblemView {
  return { message, ...(where && { where: formatPlace(where) }), ...(hint !== undefined && { hint }) }
}
