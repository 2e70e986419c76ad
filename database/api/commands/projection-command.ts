/**
 * `db.command.project`: what `field()` takes beside true and false (spec/database.md §4).
 */
import { invalidParam } from '../errors.ts'
import { commandTag } from '../snapshot.ts'

export class ProjectionCommand {
  readonly operator: '$slice' | '$elemMatch'
  readonly value: unknown
  readonly [commandTag] = 'projection'

  constructor(operator: '$slice' | '$elemMatch', value: unknown) {
    this.operator = operator
    this.value = value
  }
}

export const projectionCommands = {
  /** The first n elements (the last for a negative n), or `[skip, n]`. */
  slice(range: number | readonly [number, number]): ProjectionCommand {
    const parts = Array.isArray(range) ? range : [range]
    if (parts.length < 1 || parts.length > 2 || !parts.every(Number.isInteger)) {
      throw invalidParam('project.slice needs a number or [skip, count], integers')
    }
    return new ProjectionCommand('$slice', Array.isArray(range) ? [...range] : range)
  },
  /** The first element that meets the condition. */
  elemMatch(condition: object): ProjectionCommand {
    if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) {
      throw invalidParam('project.elemMatch needs a condition object or a command')
    }
    return new ProjectionCommand('$elemMatch', condition)
  },
} as const
