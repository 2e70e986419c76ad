/**
 * A collection's indexes as uniCloud's `<collection>.index.json` has them (spec/database.md §14): what a project keeps
 * beside its schemas, and what `seed.ts` reads.
 */

/** Text of the file, and what it cannot say. */
export interface IndexFile {
  text: string
  /** One line for each index, or part of one, that the format has no words for. */
  remarks: string[]
}

/** @param indexes as `listIndexes` gives them; the one on `_id` is left out */
export function writeIndexFile(indexes: readonly Readonly<Record<string, unknown>>[]): IndexFile {
  const remarks: string[] = []
  const entries = indexes
    .filter(({ name }) => name !== '_id_')
    .map((index) => entryOf(index, remarks))
    .filter((entry) => entry !== undefined)
  return { text: `${JSON.stringify(entries, undefined, 2)}\n`, remarks }
}

// internals

/** Options that are in the entry, or say nothing that has to be kept. */
const known: ReadonlySet<string> = new Set([
  'v',
  'ns',
  'key',
  'name',
  'unique',
  'sparse',
  'expireAfterSeconds',
])
const silent: ReadonlySet<string> = new Set(['2dsphereIndexVersion', 'background'])

function entryOf(index: Readonly<Record<string, unknown>>, remarks: string[]): object | undefined {
  const name = String(index.name)
  const keys = Object.entries(index.key as object).map(([field, kind]) => ({
    Name: field,
    Direction: directionOf(kind),
  }))
  const strange = keys.find(({ Direction }) => Direction === undefined)
  if (strange) {
    remarks.push(`index ${name} is left out: ${strange.Name} is neither ascending, descending nor 2dsphere`)
    return undefined
  }
  for (const option of Object.keys(index)) {
    if (!known.has(option) && !silent.has(option))
      remarks.push(`index ${name} is written without its ${option}`)
  }
  return {
    IndexName: name,
    MgoKeySchema: {
      MgoIndexKeys: keys,
      MgoIsUnique: index.unique === true,
      ...(index.sparse === true ? { MgoIsSparse: true } : {}),
      ...(index.expireAfterSeconds === undefined
        ? {}
        : { MgoExpireAfterSeconds: Number(index.expireAfterSeconds) }),
    },
  }
}

function directionOf(kind: unknown): string | undefined {
  if (kind === '2dsphere') return kind
  const direction = Number(kind)
  return direction === 1 || direction === -1 ? String(direction) : undefined
}
