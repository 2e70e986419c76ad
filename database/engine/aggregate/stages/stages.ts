import { bucketStage } from './bucket.ts'
import { bucketAutoStage } from './bucket-auto.ts'
import { densifyStage } from './densify.ts'
import { documentsStage } from './documents.ts'
import { facetStage } from './facet.ts'
import { fillStage } from './fill.ts'
import { geoNearStage } from './geo-near.ts'
import { graphLookupStage } from './graph-lookup.ts'
import { groupStage, sortByCountStage } from './group.ts'
import { lookupStage } from './lookup.ts'
import { mergeStage, outStage } from './output.ts'
import { addFieldsStage, projectStage, unsetStage } from './projection.ts'
import { redactStage } from './redact.ts'
import { replaceRootStage, replaceWithStage } from './replace-root.ts'
import { countStage, limitStage, matchStage, sampleStage, skipStage } from './simple.ts'
import { sortStage } from './sort.ts'
import type { NestedOptions, StageCompiler } from './stage.ts'
import { unionWithStage } from './union-with.ts'
import { unwindStage } from './unwind.ts'
import { setWindowFieldsStage } from './window.ts'

/** A stage and where it may stand. */
export interface StageDefinition {
  compile: StageCompiler
  only?: 'first' | 'last'
  notIn?: readonly NestedOptions['place'][]
}

/** Every stage by its name. */
export const STAGES: ReadonlyMap<string, StageDefinition> = new Map(
  Object.entries({
    $addFields: { compile: addFieldsStage },
    $bucket: { compile: bucketStage },
    $bucketAuto: { compile: bucketAutoStage },
    $count: { compile: countStage },
    $densify: { compile: densifyStage },
    $documents: { compile: documentsStage, only: 'first', notIn: ['facet'] },
    $facet: { compile: facetStage, notIn: ['facet'] },
    $fill: { compile: fillStage },
    $geoNear: { compile: geoNearStage, only: 'first', notIn: ['facet'] },
    $graphLookup: { compile: graphLookupStage },
    $group: { compile: groupStage },
    $limit: { compile: limitStage },
    $lookup: { compile: lookupStage },
    $match: { compile: matchStage },
    $merge: { compile: mergeStage, only: 'last', notIn: ['facet', 'lookup', 'unionWith'] },
    $out: { compile: outStage, only: 'last', notIn: ['facet', 'lookup', 'unionWith'] },
    $project: { compile: projectStage },
    $redact: { compile: redactStage },
    $replaceRoot: { compile: replaceRootStage },
    $replaceWith: { compile: replaceWithStage },
    $sample: { compile: sampleStage },
    $set: { compile: addFieldsStage },
    $setWindowFields: { compile: setWindowFieldsStage },
    $skip: { compile: skipStage },
    $sort: { compile: sortStage },
    $sortByCount: { compile: sortByCountStage },
    $unionWith: { compile: unionWithStage },
    $unset: { compile: unsetStage },
    $unwind: { compile: unwindStage },
  } satisfies Record<string, StageDefinition>),
)
