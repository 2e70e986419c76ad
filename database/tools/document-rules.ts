import { ObjectId } from 'bson'
import { newDocument } from '../api/collection.ts'
import { longValues, refuseLongValues } from '../api/index-limit.ts'
import { type Now, ObjectIdSource, randomId } from '../api/object-id-source.ts'
import { type DatabaseProvider, databaseProfiles } from '../api/profile.ts'
import { toStored } from '../api/stored-values.ts'
import { sizeOf } from '../engine/store/size.ts'
import { isDocument } from '../engine/values/types.ts'
import { parseExtendedJson } from '../extended-json/parse.ts'

type Doc = Record<string, unknown>

export interface RuleOptions {
  provider: DatabaseProvider
  /**
   * Takes every value as the file has it. Without it documents pass through the rules of `add()`, so that on aliyun ids
   * and ISO dates become what the cloud makes of them (spec/database.md §5, §14).
   */
  exact: boolean
  clock: Now
  /** Indexes of the collection: uniCloud limits the length of values under them. */
  indexes: ReadonlyArray<{ name: string; key: object }>
}

/** What text becomes a document, and which. */
export interface DocumentRules {
  /**
   * @param warn gets what is strange about the document but forbids nothing
   * @throws Error when the text is no document that may be stored
   */
  read(text: string, warn: (message: string) => void): { document: Doc; bytes: number }
}

export function documentRules(options: RuleOptions): DocumentRules {
  const make = options.exact ? exactDocument : uniCloudDocument(options)
  return {
    read(text, warn) {
      const value = parseExtendedJson(text, options.exact ? 'objectId' : 'text')
      if (!isDocument(value)) throw new Error('a document must be an object')
      const document = make(value, warn)
      const bytes = sizeOf(document)
      if (bytes > MAX_BYTES)
        throw new Error(`the document has ${bytes} bytes, at most ${MAX_BYTES} are allowed`)
      return { document, bytes }
    },
  }
}

// internals

/** The limit of MongoDB (spec/embedded-database.md §13). */
const MAX_BYTES = 16 * 1024 * 1024

type Make = (value: Doc, warn: (message: string) => void) => Doc

/** Only what has no `_id` gets one, as from any driver. */
function exactDocument(value: Doc): Doc {
  return Object.hasOwn(value, '_id') ? value : { _id: new ObjectId(), ...value }
}

function uniCloudDocument({ provider, clock, indexes }: RuleOptions): Make {
  const profile = databaseProfiles[provider]
  const ids = new ObjectIdSource(clock)
  const newId = profile.generatedId === 'random-32' ? randomId : () => ids.next()
  return (value, warn) => {
    const document = newDocument(value, {
      newId,
      warn,
      stored: (data) => toStored(data, { ...profile, now: clock.now() }) as Doc,
    })
    refuseLongValues(longValues(document), indexes)
    return document
  }
}
