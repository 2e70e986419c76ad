/** True for operators that stand where a field name would, such as `$or`. */
export function isDocumentOperator(name: string): boolean {
  return DOCUMENT_OPERATORS.has(name)
}

// internals

const DOCUMENT_OPERATORS = new Set([
  '$and',
  '$or',
  '$nor',
  '$expr',
  '$comment',
  '$jsonSchema',
  '$where',
  '$text',
  '$sampleRate',
  '$alwaysTrue',
  '$alwaysFalse',
])
