import type { DatabaseProfile } from '../api/profile.ts'
import type { SeedOutcome } from '../seed.ts'

/**
 * What of a project's database files is more than the provider takes (spec/database.md §13): it works here and fails
 * when it is uploaded.
 * @returns one line for each limit; nothing when nothing was brought in just now
 */
export function limitRemarks({ seeded, collections }: SeedOutcome, { limits }: DatabaseProfile): string[] {
  const made = Object.entries(seeded)
  if (made.length === 0) return []
  const remarks: string[] = []
  if (limits.collections !== undefined && collections > limits.collections)
    remarks.push(`the space has ${collections} collections; online at most ${limits.collections} are allowed`)
  const total = made.reduce((sum, [, { indexes }]) => sum + indexes, 0)
  if (limits.indexes !== undefined && total > limits.indexes)
    remarks.push(`the project declares ${total} indexes; online at most ${limits.indexes} are allowed`)
  for (const [name, { indexes }] of made) {
    if (limits.collectionIndexes === undefined || indexes <= limits.collectionIndexes) continue
    remarks.push(`${name} has ${indexes} indexes; online at most ${limits.collectionIndexes} are allowed`)
  }
  return remarks
}
