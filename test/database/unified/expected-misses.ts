/** Tests that do not pass, and why: description -> reason. */
type Misses = Readonly<Record<string, string>>

const NOT_SENT = 'the driver does not send `bypassDocumentValidation: false`'
const NO_CONCERN = 'the driver leaves the read concern out when a pipeline writes'
const NULL_ID = 'the driver makes up an _id where there is null'
const NO_SECONDARY = 'the driver looks for a secondary before it sends anything; the set has one member'
const SNAPSHOT = 'snapshot reads outside transactions are refused (spec/embedded-database.md §10)'
const CLUSTERED = 'clustered collections are refused (spec/embedded-database.md §13)'
const TIME_SERIES = 'time series are refused (spec/embedded-database.md §13)'

/**
 * Specification tests that do not pass: file -> description -> reason. One that passes after all has to be taken off
 * the list.
 */
export const EXPECTED_MISSES: Readonly<Record<string, Misses>> = {
  'crud/tests/unified/aggregate-write-readPreference.json': {
    'Aggregate with $out includes read preference for 5.0+ server': NO_CONCERN,
    'Aggregate with $merge includes read preference for 5.0+ server': NO_CONCERN,
  },
  'crud/tests/unified/bypassDocumentValidation.json': {
    'Aggregate with $out passes bypassDocumentValidation: false': NOT_SENT,
    'BulkWrite passes bypassDocumentValidation: false': NOT_SENT,
    'FindOneAndReplace passes bypassDocumentValidation: false': NOT_SENT,
    'FindOneAndUpdate passes bypassDocumentValidation: false': NOT_SENT,
    'InsertMany passes bypassDocumentValidation: false': NOT_SENT,
  },
  'crud/tests/unified/create-null-ids.json': {
    'inserting _id with type null via insertOne': NULL_ID,
    'inserting _id with type null via insertMany': NULL_ID,
    'inserting _id with type null via bulkWrite': NULL_ID,
  },
  'crud/tests/unified/db-aggregate-write-readPreference.json': {
    'Database-level aggregate with $out includes read preference for 5.0+ server': NO_CONCERN,
    'Database-level aggregate with $merge includes read preference for 5.0+ server': NO_CONCERN,
  },
  'crud/tests/unified/estimatedDocumentCount.json': {
    'estimatedDocumentCount works correctly on views': 'there are no views',
  },
  'retryable-writes/tests/unified/bulkWrite.json': {
    'First insertOne is never committed': 'the driver lists the ids it meant to insert, also after a failure',
  },
  'transactions/tests/unified/run-command.json': {
    'run command with secondary read preference in client option and primary read preference in transaction options':
      NO_SECONDARY,
  },
  'transactions/tests/unified/transaction-options.json': {
    'readPreference inherited from client': NO_SECONDARY,
  },
  'sessions/tests/implicit-sessions-default-causal-consistency.json': {
    'afterClusterTime is not sent on retried read in implicit session when readConcern level is snapshot':
      SNAPSHOT,
  },
  'sessions/tests/snapshot-sessions.json': {
    'Find operation with snapshot': SNAPSHOT,
    'Distinct operation with snapshot': SNAPSHOT,
    'Aggregate operation with snapshot': SNAPSHOT,
    'countDocuments operation with snapshot': SNAPSHOT,
    'Mixed operation with snapshot': SNAPSHOT,
    'Write commands with snapshot session do not affect snapshot reads': SNAPSHOT,
    'First snapshot read does not send atClusterTime': SNAPSHOT,
    'Find operation with snapshot and snapshot time': SNAPSHOT,
    'Distinct operation with snapshot and snapshot time': SNAPSHOT,
    'Aggregate operation with snapshot and snapshot time': SNAPSHOT,
    'countDocuments operation with snapshot and snapshot time': SNAPSHOT,
    'Mixed operation with snapshot and snapshotTime': SNAPSHOT,
  },
  'run-command/tests/unified/runCursorCommand.json': {
    'does not close the cursor when receiving an empty batch':
      'capped collections have no limit, so no tailable cursors',
  },
  'collection-management/tests/clustered-indexes.json': {
    'createCollection with clusteredIndex': CLUSTERED,
    'listCollections includes clusteredIndex': CLUSTERED,
    'listIndexes returns the index': CLUSTERED,
  },
  'collection-management/tests/modifyCollection-errorResponse.json': {
    'modifyCollection prepareUnique violations are accessible': 'an index is made unique by building it anew',
  },
  'collection-management/tests/timeseries-collection.json': {
    'createCollection with all options': TIME_SERIES,
    'insertMany with duplicate ids': TIME_SERIES,
    'createCollection with bucketing options': TIME_SERIES,
  },
}
