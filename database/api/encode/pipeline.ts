/**
 * Aggregation stages (spec/database.md §9). Arguments are copied as they are; only `match` and the query of `geoNear`
 * are conditions. Both steps go into the pipelines of `lookup`.
 */
import type { Doc } from '../own-member.ts'
import { isAbsent, isDocument, snapshot } from '../snapshot.ts'
import { mapMembers, type StorageRules, toStored } from '../stored-values.ts'
import { type ConditionRules, encodeCondition, encodeWhere } from './condition.ts'
import { storedFilter } from './stored-condition.ts'

/** Encodes one stage. @param name MongoDB's, with the dollar sign */
export function encodeStage(name: string, argument: unknown, rules: ConditionRules): Doc {
  return { [name]: encodeArgument(name, argument, rules) }
}

/** Provider-specific values in encoded stages. ISO strings stay strings in expressions, not in conditions. */
export function storedStages(stages: readonly unknown[], rules: StorageRules): unknown[] {
  return stages.map((stage) =>
    isDocument(stage) ? mapMembers(stage, (argument, name) => storedArgument(name, argument, rules)) : stage,
  )
}

// internals

function encodeArgument(name: string, argument: unknown, rules: ConditionRules): unknown {
  if (name === '$match') {
    // Unlike where(), match() with nothing but undefined members matches everything (spec/database.md §1).
    return isDocument(argument) ? encodeCondition(argument, rules) : encodeWhere(argument, rules)
  }
  if (!isDocument(argument)) return snapshot(argument, name)
  if (name === '$geoNear' && !isAbsent(argument.query)) {
    const { query, ...rest } = argument
    return { ...(snapshot(rest, name) as Doc), query: encodeWhere(query, rules) }
  }
  if (name === '$facet') return mapMembers(argument, (stages) => encodePipeline(stages, rules))
  if (Array.isArray(argument.pipeline) && (name === '$lookup' || name === '$unionWith')) {
    const { pipeline, ...rest } = argument
    return { ...(snapshot(rest, name) as Doc), pipeline: encodePipeline(pipeline, rules) }
  }
  return snapshot(argument, name)
}

/** A pipeline inside a stage: `$.pipeline()…done()`, or stages written by hand. */
function encodePipeline(stages: unknown, rules: ConditionRules): unknown {
  if (!Array.isArray(stages)) return snapshot(stages)
  return stages.map((stage) =>
    isDocument(stage)
      ? mapMembers(stage, (argument, name) => encodeArgument(name, argument, rules))
      : snapshot(stage),
  )
}

/** Stages that hold names, paths and numbers only. */
const verbatim: ReadonlySet<string> = new Set([
  '$limit',
  '$skip',
  '$sort',
  '$count',
  '$sample',
  '$unwind',
  '$out',
])

/** Members of other stages that are names or paths. */
const nameMembers: ReadonlySet<string> = new Set([
  ...['from', 'localField', 'foreignField', 'as', 'coll', 'distanceField', 'includeLocs', 'key', 'near'],
  ...['granularity', 'connectFromField', 'connectToField', 'depthField', 'maxDepth'],
])

const stagesWithNames: ReadonlySet<string> = new Set([
  ...['$lookup', '$geoNear', '$graphLookup', '$unionWith', '$bucketAuto'],
])

function storedArgument(name: string, argument: unknown, rules: StorageRules): unknown {
  if (verbatim.has(name)) return argument
  if (name === '$match') return isDocument(argument) ? storedFilter(argument, rules) : argument
  const literal: StorageRules = { ...rules, isoDates: false }
  if (!isDocument(argument)) return toStored(argument, literal)
  if (name === '$facet') {
    return mapMembers(argument, (stages) => (Array.isArray(stages) ? storedStages(stages, rules) : stages))
  }
  if (!stagesWithNames.has(name)) return toStored(argument, literal)
  return mapMembers(argument, (member, key) => {
    if (nameMembers.has(key)) return member
    if (key === 'pipeline' && Array.isArray(member)) return storedStages(member, rules)
    if ((key === 'query' || key === 'restrictSearchWithMatch') && isDocument(member)) {
      return storedFilter(member, rules)
    }
    return toStored(member, literal)
  })
}
