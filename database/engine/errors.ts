import { DatabaseError, type DatabaseErrorDetails } from '../command.ts'

/**
 * Errors of the engine: MongoDB's numeric codes with their names (spec/embedded-database.md §13). A code without a
 * name of its own is a source location on the server and is called `Location<code>` there; so it is here.
 */

/** What an engine error may carry besides code and text. */
export type FailureDetails = Omit<DatabaseErrorDetails, 'code' | 'codeName'>

/**
 * Throws the error the server would answer with.
 * @param code MongoDB's numeric code
 * @param message MongoDB's text
 * @throws DatabaseError always
 */
export function fail(code: number, message: string, details?: FailureDetails): never {
  throw databaseError(code, message, details)
}

/** The error itself, for places that collect errors instead of throwing them. */
export function databaseError(code: number, message: string, details?: FailureDetails): DatabaseError {
  return new DatabaseError(message, { ...details, code, codeName: codeName(code) })
}

/** The name that belongs to a code: `BadValue` for 2, `Location31254` for 31254. */
export function codeName(code: number): string {
  return NAMES.get(code) ?? `Location${code}`
}

// internals

const NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'InternalError'],
  [2, 'BadValue'],
  [4, 'NoSuchKey'],
  [5, 'GraphContainsCycle'],
  [6, 'HostUnreachable'],
  [7, 'HostNotFound'],
  [8, 'UnknownError'],
  [9, 'FailedToParse'],
  [10, 'CannotMutateObject'],
  [11, 'UserNotFound'],
  [12, 'UnsupportedFormat'],
  [13, 'Unauthorized'],
  [14, 'TypeMismatch'],
  [15, 'Overflow'],
  [16, 'InvalidLength'],
  [17, 'ProtocolError'],
  [18, 'AuthenticationFailed'],
  [19, 'CannotReuseObject'],
  [20, 'IllegalOperation'],
  [21, 'EmptyArrayOperation'],
  [22, 'InvalidBSON'],
  [23, 'AlreadyInitialized'],
  [24, 'LockTimeout'],
  [26, 'NamespaceNotFound'],
  [27, 'IndexNotFound'],
  [28, 'PathNotViable'],
  [29, 'NonExistentPath'],
  [30, 'InvalidPath'],
  [40, 'ConflictingUpdateOperators'],
  [43, 'CursorNotFound'],
  [48, 'NamespaceExists'],
  [50, 'MaxTimeMSExpired'],
  [51, 'ManualInterventionRequired'],
  [52, 'DollarPrefixedFieldName'],
  [53, 'InvalidIdField'],
  [54, 'NotSingleValueField'],
  [55, 'InvalidDBRef'],
  [56, 'EmptyFieldName'],
  [57, 'DottedFieldName'],
  [59, 'CommandNotFound'],
  [61, 'ShardKeyNotFound'],
  [64, 'WriteConcernFailed'],
  [66, 'ImmutableField'],
  [67, 'CannotCreateIndex'],
  [68, 'IndexAlreadyExists'],
  [72, 'InvalidOptions'],
  [73, 'InvalidNamespace'],
  [76, 'NoReplicationEnabled'],
  [79, 'UnknownReplWriteConcern'],
  [85, 'IndexOptionsConflict'],
  [86, 'IndexKeySpecsConflict'],
  [89, 'NetworkTimeout'],
  [91, 'ShutdownInProgress'],
  [96, 'OperationFailed'],
  [98, 'DBPathInUse'],
  [100, 'UnsatisfiableWriteConcern'],
  [112, 'WriteConflict'],
  [115, 'CommandNotSupported'],
  [117, 'ConflictingOperationInProgress'],
  [121, 'DocumentValidationFailure'],
  [125, 'CommandFailed'],
  [136, 'CappedPositionLost'],
  [139, 'JSInterpreterFailure'],
  [142, 'MaxStaleness'],
  [146, 'ExceededMemoryLimit'],
  [158, 'UnknownFeatureCompatibilityVersion'],
  [159, 'KeyedExecutorRetry'],
  [165, 'ViewDepthLimitExceeded'],
  [166, 'CommandNotSupportedOnView'],
  [167, 'OptionNotSupportedOnView'],
  [168, 'InvalidPipelineOperator'],
  [169, 'CommandOnShardedViewNotSupportedOnMongod'],
  [171, 'CannotIndexParallelArrays'],
  [189, 'PrimarySteppedDown'],
  [197, 'InvalidIndexSpecificationOption'],
  [206, 'NoSuchSession'],
  [211, 'KeyNotFound'],
  [217, 'IncompleteTransactionHistory'],
  [224, 'QueryFeatureNotAllowed'],
  [225, 'TransactionTooOld'],
  [226, 'AtomicityFailure'],
  [227, 'CannotImplicitlyCreateCollection'],
  [228, 'SessionTransferIncomplete'],
  [237, 'CursorKilled'],
  [238, 'IncompatibleCollationVersion'],
  [239, 'SnapshotTooOld'],
  [241, 'ConversionFailure'],
  [244, 'TransactionAborted'],
  [246, 'SnapshotUnavailable'],
  [251, 'NoSuchTransaction'],
  [256, 'TransactionCommitted'],
  [257, 'TransactionTooLarge'],
  [260, 'InvalidResumeToken'],
  [262, 'ExceededTimeLimit'],
  [263, 'OperationNotSupportedInTransaction'],
  [267, 'PreparedTransactionInProgress'],
  [276, 'IndexBuildAborted'],
  [278, 'TransactionExceededLifetimeLimitSeconds'],
  [279, 'TooManyLocks'],
  [280, 'ChangeStreamFatalError'],
  [286, 'ChangeStreamHistoryLost'],
  [290, 'TransactionExceededLifetimeLimitSeconds'],
  [291, 'NoQueryExecutionPlans'],
  [292, 'QueryExceededMemoryLimitNoDiskUseAllowed'],
  [303, 'CannotConvertIndexToUnique'],
  [334, 'MechanismUnavailable'],
  [352, 'UnsupportedOpQueryCommand'],
  [9001, 'SocketException'],
  [10003, 'CannotGrowDocumentInCappedNamespace'],
  [10107, 'NotWritablePrimary'],
  [10334, 'BSONObjectTooLarge'],
  [11000, 'DuplicateKey'],
  [11600, 'InterruptedAtShutdown'],
  [11601, 'Interrupted'],
  [11602, 'InterruptedDueToReplStateChange'],
  [12051, 'CursorInUse'],
  [13297, 'DatabaseDifferCase'],
  [13388, 'StaleConfig'],
  [13435, 'NotPrimaryNoSecondaryOk'],
  [13436, 'NotPrimaryOrSecondary'],
  [14031, 'OutOfDiskSpace'],
  [17280, 'KeyTooLong'],
  [46841, 'ClientMarkedKilled'],
])
