/** `zunionstore`, `zinterstore` and their relatives (spec/redis.md §3). Plain sets count with a score of 1. */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { formatDouble, integer, natural, parseDouble } from '../numbers.ts'
import { errors, type Reply } from '../reply.ts'
import { SortedSet } from '../sorted-set.ts'

type Scores = ReadonlyMap<Bytes, number>
type Kind = 'union' | 'inter' | 'diff'

export const sortedSetCombinationCommands: CommandTable = {
  zunionstore: stored('union'),
  zinterstore: stored('inter'),
  zdiffstore: stored('diff'),
  zunion: read('union'),
  zinter: read('inter'),
  zdiff: read('diff'),
  zintercard: command(2, zintercard, any),
}

// internals

interface Plan {
  sources: Scores[]
  weights: number[]
  aggregate: (a: number, b: number) => number
  withScores: boolean
}

const aggregates: Readonly<Record<string, (a: number, b: number) => number>> = {
  sum: (a, b) => {
    const sum = a + b
    // Opposite infinities add up to nothing, says redis.
    return Number.isNaN(sum) ? 0 : sum
  },
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
}

function stored(kind: Kind) {
  return command(
    3,
    (keys, [target, ...args]) => {
      const result = combine(kind, plan(keys, `z${kind}store`, kind, args, false))
      if (result.size === 0) keys.delete(target as Bytes)
      else keys.set(target as Bytes, 'zset', result)
      return result.size
    },
    any,
  )
}

function read(kind: Kind) {
  return command(
    2,
    (keys, args) => {
      const made = plan(keys, `z${kind}`, kind, args, true)
      const items = combine(kind, made).items()
      return items.flatMap(({ member, score }) =>
        made.withScores ? [member, formatDouble(score)] : [member],
      )
    },
    any,
  )
}

function plan(keys: Keyspace, name: string, kind: Kind, args: readonly Bytes[], mayShow: boolean): Plan {
  const count = integer(args[0])
  if (count < 1) throw errors.of(`at least 1 input key is needed for '${name}' command`)
  if (count > args.length - 1) throw errors.syntax()
  const sources = args.slice(1, 1 + count).map((key) => scores(keys, key))
  const made: Plan = {
    sources,
    weights: sources.map(() => 1),
    aggregate: aggregates.sum as Plan['aggregate'],
    withScores: false,
  }
  readOptions(made, args.slice(1 + count), kind, mayShow)
  return made
}

function readOptions(made: Plan, args: readonly Bytes[], kind: Kind, mayShow: boolean): void {
  for (let index = 0; index < args.length; index++) {
    const word = at(args, index).toLowerCase()
    if (word === 'weights' && kind !== 'diff' && index + made.sources.length < args.length) {
      made.weights = made.sources.map((_, source) => weight(args[index + 1 + source]))
      index += made.sources.length
    } else if (word === 'aggregate' && kind !== 'diff') {
      const aggregate = aggregates[args[++index]?.toLowerCase() ?? '']
      if (!aggregate) throw errors.syntax()
      made.aggregate = aggregate
    } else if (word === 'withscores' && mayShow) made.withScores = true
    else throw errors.syntax()
  }
}

function weight(text: Bytes | undefined): number {
  const value = parseDouble(text ?? '')
  if (value === undefined) throw errors.of('weight value is not a float')
  return value
}

function scores(keys: Keyspace, key: Bytes): Scores {
  if (keys.type(key) === 'set') {
    return new Map([...(keys.get(key, 'set') ?? [])].map((member) => [member, 1]))
  }
  return new Map((keys.get(key, 'zset')?.items() ?? []).map(({ member, score }) => [member, score]))
}

function combine(kind: Kind, { sources, weights, aggregate }: Plan): SortedSet {
  const weighted = sources.map((source, at) => {
    const factor = weights[at] as number
    return new Map([...source].map(([member, score]) => [member, multiply(score, factor)] as const))
  })
  const [first = new Map<Bytes, number>(), ...others] = weighted
  const result = new SortedSet()
  const members = kind === 'union' ? new Set(weighted.flatMap((source) => [...source.keys()])) : first.keys()
  for (const member of members) {
    if (kind === 'inter' && !others.every((source) => source.has(member))) continue
    if (kind === 'diff' && others.some((source) => source.has(member))) continue
    const found = weighted.flatMap((source) => source.get(member) ?? [])
    result.set(member, found.reduce(aggregate))
  }
  return result
}

function multiply(score: number, factor: number): number {
  const product = score * factor
  return Number.isNaN(product) ? 0 : product
}

function zintercard(keys: Keyspace, args: readonly Bytes[]): Reply {
  const count = integer(args[0])
  if (count < 1) throw errors.of('numkeys should be greater than 0')
  if (count > args.length - 1) throw errors.of("Number of keys can't be greater than number of args")
  const [word, limitText, ...more] = args.slice(1 + count)
  if (
    more.length > 0 ||
    (word !== undefined && (word.toLowerCase() !== 'limit' || limitText === undefined))
  ) {
    throw errors.syntax()
  }
  const limit = word === undefined ? 0 : natural(limitText, "LIMIT can't be negative")
  const { size } = combine('inter', plan(keys, 'zintercard', 'inter', args.slice(0, 1 + count), false))
  return limit > 0 ? Math.min(size, limit) : size
}
