/**
 * What code inside a cloud function or cloud object finds in its global scope (spec/runtime.md §4, §5.1, §8).
 * For TypeScript projects: `"types": ["node", "unicloud-local/guest"]` in the tsconfig.json of `cloudfunctions/`. Not
 * together with @dcloudio/types, which declares a global of the same name for the client.
 *
 * ```ts
 * export default {
 *   async hello(this: CloudObjectContext, name: string) {
 *     return `${name} from ${this.getClientInfo().clientIP}`
 *   },
 * }
 * ```
 */

/** One per instance, shared by its requests. */
declare const uniCloud: UniCloudGuest.UniCloud

/** `this` in the methods of a cloud object, in `_before`, `_after` and `_timing`; fresh for each call. */
interface CloudObjectContext {
  /** Only `clientIP`, `userAgent`, `source` and `requestId` are vouched for; the rest is what the client says. */
  getClientInfo(): UniCloudGuest.ClientInfo
  getCloudInfo(): UniCloudGuest.CloudInfo
  getUniIdToken(): string | undefined
  getMethodName(): string
  /** The live list: what `_before` puts into it reaches the method. */
  getParams(): unknown[]
  getUniCloudRequestId(): string
  /** @throws Error when the call did not come in over a URL */
  getHttpInfo(): UniCloudGuest.HttpInfo
}

/** An object literal whose methods have `this` typed: `export default { … } satisfies CloudObject`. */
type CloudObject = Record<string, unknown> & ThisType<CloudObjectContext>

/** Second argument of a cloud function's `main`. */
interface CloudFunctionContext {
  SPACEINFO: { spaceId: string; provider: string; useOldSpaceId: boolean }
  SOURCE: UniCloudGuest.Source
  FUNCTION_NAME: string
  FUNCTION_TYPE: 'cloudfunction'
  CLIENTIP: string
  CLIENTUA: string
  requestId: string
  uniIdToken?: string
  [field: string]: unknown
}

declare namespace UniCloudGuest {
  type Source = 'client' | 'http' | 'timing' | 'function' | 'server' | 'websocket'
  /** A document; which members it has is the project's own business. */
  type Row = Record<string, unknown>

  interface ClientInfo {
    clientIP: string
    userAgent: string
    source: Source
    requestId: string
    uniIdToken?: string
    /** Client calls only, as are all fields that are not named here. */
    appId?: string
    platform?: string
    osName?: string
    /** Legacy spelling of `osName`. */
    OS?: string
    locale?: string
    deviceId?: string
    [field: string]: unknown
  }

  interface CloudInfo {
    provider: string
    spaceId: string
    useOldSpaceId: boolean
    functionName: string
    functionType: 'cloudfunction' | 'cloudobject'
    runtimeEnv: 'local' | 'cloud'
  }

  interface HttpInfo {
    path: string
    httpMethod: string
    /** Lower-case names. */
    headers: Record<string, string>
    queryStringParameters: Record<string, string>
    body: string
    isBase64Encoded: boolean
  }

  interface UniCloud {
    database(options?: Row): Database
    /** With the extension `uni-cloud-jql`. */
    databaseForJQL(options: { event: unknown; context: unknown } | { clientInfo: ClientInfo }): JqlDatabase
    /** With the extension `uni-cloud-redis`; throws otherwise. As node-redis v3, with promises. */
    redis(): Record<string, (...args: unknown[]) => Promise<unknown>>
    callFunction<T = unknown>(call: {
      name: string
      data?: unknown
      timeout?: number
    }): Promise<{ result: T; requestId: string }>
    /** A proxy; a result with a truthy `errCode` rejects. */
    importObject<T = Record<string, (...params: unknown[]) => Promise<unknown>>>(
      name: string,
      options?: Row,
    ): T
    init(space: { provider: string; spaceId: string; [option: string]: unknown }): UniCloud
    httpclient: { request<T = Buffer>(url: string, options?: Row): Promise<HttpResult<T>> }
    request<T = unknown>(options: {
      url: string
      [option: string]: unknown
    }): Promise<{
      statusCode: number
      data: T
      header: Record<string, string>
    }>
    getRequestList(): string[]
    getClientInfos(): ClientInfo[]
    getCloudInfos(): (CloudInfo & { requestId: string })[]
    /** Into the log store only, not the console. */
    logger: Record<'log' | 'info' | 'warn' | 'error' | 'debug', (...values: unknown[]) => void>
    uploadFile(file: {
      cloudPath: string
      fileContent: Buffer | string | NodeJS.ReadableStream
      cloudPathAsRealPath?: boolean
    }): Promise<{ fileID: string; requestId: string }>
    getTempFileURL(files: {
      fileList: string[]
    }): Promise<{ fileList: { fileID: string; tempFileURL: string; code?: string }[] }>
    deleteFile(files: { fileList: string[] }): Promise<{ fileList: { fileID: string; code?: string }[] }>
    downloadFile(file: { fileID: string; tempFilePath?: string }): Promise<{ fileContent?: Buffer }>
    getFileInfo(files: { fileList: string[] }): Promise<{ fileList: Row[] }>
    initI18n(options: {
      locale: string
      fallbackLocale?: string
      messages: Record<string, Record<string, string>>
    }): I18n
    sendSms(options: Row): Promise<{ errCode: number }>
    getPhoneNumber(options: Row): Promise<{ phoneNumber: string } & Row>
    /** Members that an extension library or a provider adds, such as `getPushManager`. */
    [member: string]: unknown
  }

  interface HttpResult<T> {
    /** A status of 400 and above does not reject. */
    status: number
    headers: Record<string, string>
    data: T
    res: unknown
  }

  interface I18n {
    locale: string
    setLocale(locale: string): void
    getLocale(): string
    t(key: string, values?: Row | unknown[]): string
    t(key: string, locale: string, values?: Row | unknown[]): string
  }

  interface Database {
    command: Command
    collection(name: string): Collection
    RegExp(options: { regexp: string; options?: string }): unknown
    serverDate(options?: { offset: number }): unknown
    Geo: Record<string, (...args: unknown[]) => unknown>
    startTransaction(): Promise<Transaction>
    /** Absent on aliyun, as is `createCollection`. */
    runTransaction<T>(run: (transaction: Transaction) => Promise<T>): Promise<T>
    createCollection(name: string): Promise<unknown>
  }

  interface JqlDatabase extends Database {
    setUser(user: { uid: string | null; role?: string[]; permission?: string[] }): void
  }

  interface Query<T = Row> {
    where(condition: unknown): Query<T>
    field(fields: Row): Query<T>
    orderBy(path: string, direction: 'asc' | 'desc'): Query<T>
    skip(count: number): Query<T>
    /** Default 100, at most 1000. */
    limit(count: number): Query<T>
    get(): Promise<{ data: T[]; affectedDocs?: number }>
    count(): Promise<{ total: number; affectedDocs?: number }>
    update(data: Row): Promise<{ updated: number; affectedDocs?: number }>
    updateAndReturn(data: Row): Promise<{ updated: number; doc: T | null }>
    remove(): Promise<{ deleted: number; affectedDocs?: number }>
  }

  interface Collection<T = Row> extends Query<T> {
    doc(id: string | number): Document<T>
    add(row: Row): Promise<{ id: string }>
    add(rows: Row[]): Promise<{ ids: string[]; inserted?: number }>
    aggregate(): Aggregate
  }

  interface Document<T = Row> extends Query<T> {
    /** Replaces the document, or creates it. */
    set(data: Row): Promise<{ updated: number; upsertedId: unknown; affectedDocs?: number }>
  }

  interface Transaction {
    collection(name: string): Collection
    commit(): Promise<unknown>
    rollback(reason?: unknown): Promise<unknown>
  }

  /** Stages by their name without `$`; mutable, ends with `end()`. */
  type Aggregate = {
    end(): Promise<{ data: Row[]; affectedDocs?: number }>
  } & { [stage in Stage]: (argument: unknown) => Aggregate }

  type Stage =
    | 'addFields'
    | 'bucket'
    | 'bucketAuto'
    | 'count'
    | 'geoNear'
    | 'group'
    | 'limit'
    | 'lookup'
    | 'match'
    | 'project'
    | 'replaceRoot'
    | 'sample'
    | 'skip'
    | 'sort'
    | 'sortByCount'
    | 'unwind'

  /** `db.command`: query and update operators; `aggregate` holds those of pipelines. */
  type Command = { [operator: string]: (...args: unknown[]) => unknown } & {
    aggregate: { [operator: string]: (...args: unknown[]) => unknown }
    project: { [operator: string]: (...args: unknown[]) => unknown }
  }
}
