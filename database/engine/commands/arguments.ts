import { checkNamespace } from '../catalog.ts'
import { fail } from '../errors.ts'
import { isNumber, toDouble } from '../values/numbers.ts'
import { getOwn } from '../values/own.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../values/types.ts'

/**
 * The arguments of one command or of one statement inside it, read with the checks and texts of the server.
 * Every read names its field; `end` refuses what was never asked for.
 */
export class Arguments {
  readonly command: string
  readonly #fields: Doc
  /** Those that are there and were asked for. */
  readonly #known: string[] = []

  /** @param command name of the command, or of the statement (`update.updates`) in messages */
  constructor(command: string, fields: Doc) {
    this.command = command
    this.#fields = fields
  }

  has(name: string): boolean {
    const value = this.#value(name)
    return value !== undefined && value !== null
  }

  /** The value as it is; undefined when missing. */
  value(name: string): unknown {
    return this.#value(name)
  }

  string(name: string): string | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'string') return value
    return this.#wrongType(name, value, "type 'string'")
  }

  boolean(name: string, absent = false): boolean {
    const value = this.#value(name)
    if (value === undefined || value === null) return absent
    if (typeof value === 'boolean') return value
    if (isNumber(value)) return toDouble(value) !== 0
    return this.#wrongType(name, value, "types '[bool, long, int, decimal, double]'")
  }

  document(name: string): Doc | undefined {
    const value = this.#value(name)
    if (value === undefined || value === null) return undefined
    return isDocument(value) ? value : this.#wrongType(name, value, "type 'object'")
  }

  /** An array whose elements are all documents. */
  documents(name: string): Doc[] | undefined {
    const value = this.array(name)
    value?.forEach((element, at) => {
      if (!isDocument(element)) this.#wrongType(`${name}.${at}`, element, "type 'object'")
    })
    return value as Doc[] | undefined
  }

  array(name: string): unknown[] | undefined {
    const value = this.#value(name)
    if (value === undefined || value === null) return undefined
    return Array.isArray(value) ? value : this.#wrongType(name, value, "type 'array'")
  }

  /** A whole number that must not be negative. */
  count(name: string): number | undefined {
    const value = this.integer(name)
    if (value !== undefined && value < 0) {
      fail(51024, `BSON field '${name}' value must be >= 0, actual value '${value}'`)
    }
    return value
  }

  /** A number, cut to a whole one. */
  integer(name: string): number | undefined {
    const value = this.#value(name)
    if (value === undefined || value === null) return undefined
    if (!isNumber(value)) return this.#wrongType(name, value, "types '[long, int, decimal, double]'")
    const number = toDouble(value)
    return Number.isNaN(number) ? 0 : Math.trunc(number)
  }

  /** The collection a command is about: the value of its first field. */
  collection(database: string): string {
    const name = this.#value(this.command)
    if (typeof name !== 'string') {
      fail(73, `collection name has invalid type ${bsonTypeName(name ?? null)}`)
    }
    checkNamespace(database, name)
    return name
  }

  required<T>(name: string, value: T | undefined): T {
    if (value === undefined)
      fail(40414, `BSON field '${this.command}.${name}' is missing but a required field`)
    return value
  }

  /**
   * Ends the reading.
   * @param also fields that are accepted without effect
   * @throws DatabaseError 40415 naming the first field nobody asked for
   */
  end(...also: string[]): void {
    for (const name of Object.keys(this.#fields)) {
      if (this.#known.includes(name) || GENERIC.has(name) || also.includes(name)) continue
      fail(40415, `BSON field '${this.command}.${name}' is an unknown field.`)
    }
  }

  // internals

  #value(name: string): unknown {
    const value = getOwn(this.#fields, name)
    // Most of what a command is asked for is not there.
    if (value === MISSING) return undefined
    this.#known.push(name)
    return value
  }

  #wrongType(name: string, value: unknown, expected: string): never {
    const type = bsonTypeName(value)
    fail(14, `BSON field '${this.command}.${name}' is the wrong type '${type}', expected ${expected}`)
  }
}

// internals

/** Fields any command may carry; what they mean is settled before a command is run. */
const GENERIC: ReadonlySet<string> = new Set([
  '$db',
  '$readPreference',
  '$clusterTime',
  '$configTime',
  '$topologyTime',
  '$audit',
  '$client',
  'lsid',
  'txnNumber',
  'autocommit',
  'startTransaction',
  'stmtId',
  'stmtIds',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
  'comment',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
  'maxTimeMSOpOnly',
  'rawData',
  'serialization',
])
