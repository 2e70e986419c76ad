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
    connectSocket(options: { url: string; header?: Record<string, string>; protocols?: string[] }): SocketTask
    deserializeSSEChannel(channel: unknown): {
      write(message: unknown): Promise<unknown>
      end(message?: unknown): Promise<unknown>
    }
    /** aliyun only; the cloud lets it reach hosts of weixin.qq.com. */
    httpProxyForEip: Record<'get' | 'postForm' | 'postJson' | 'post', EipRequest>
    /** tencent only. */
    customAuth(): {
      createTicket(uid: string, options?: { refresh?: number; expire?: number }): string
      getUserInfo(): Row
    }
    /** alipay only. */
    webSocketServer(): {
      send(connection: string | string[], data: string | Buffer | object): Promise<unknown>
      close(connection: string | string[]): Promise<unknown>
      signedURL(name: string, query?: Row): Promise<string>
    }
    /** With the extension `uni-cloud-sms`. */
    sendSms(options: Row): Promise<{ errCode: number }>
    /** With the extension `uni-cloud-verify`, as are the two managers. */
    getPhoneNumber(options: Row): Promise<{ phoneNumber: string } & Row>
    getFacialRecognitionVerifyManager(options: Row): Manager
    getUniVerifyManager(options: Row): Manager
    /** With the extension `uni-cloud-push`. */
    getPushManager(options: { appId: string }): Manager
    /** With the extension `uni-cloud-ext-storage`. */
    getExtStorageManager(options: {
      provider: 'qiniu'
      domain: string
      [option: string]: unknown
    }): ExtStorage
    /** With the extension `uni-cloud-ai`; every method rejects here. */
    ai: { getLLMManager(options: Row): Manager; getMediaManager(options: Row): Manager }
    /** Members of a later version of uniCloud. */
    [member: string]: unknown
  }

  type EipRequest = (
    url: string,
    data?: unknown,
    headers?: Record<string, string>,
  ) => Promise<{
    statusCodeValue: number
    statusCode: number
    headers: Record<string, string>
    body: unknown
  }>

  /** A manager of a paid service: its methods take one object and answer one. */
  type Manager = { [method: string]: (options?: unknown) => Promise<Row> }

  interface ExtStorage {
    getUploadFileOptions(options?: { cloudPath?: string; allowUpdate?: boolean; fsizeLimit?: number }): {
      cloudPath: string
      fileID: string
      fileURL: string
      uploadFileOptions: { url: string; name: string; formData: Record<string, string> }
      [member: string]: unknown
    }
    uploadFile(file: {
      fileContent: Buffer
      cloudPath?: string
      allowUpdate?: boolean
    }): Promise<{ cloudPath: string; fileID: string; fileURL: string }>
    getTempFileURL(files: { fileList: string[]; expiresIn?: number }): {
      fileList: { tempFileURL: string; fileID: string; cloudPath: string }[]
    }
    downloadFile(file: { fileID: string }): Promise<{ fileContent: Buffer }>
    deleteFile(files: { fileList: string[] }): Promise<Row>
    updateFileStatus(file: { fileID: string; isPrivate: boolean }): Promise<Row>
    refreshCdnCache(files: { fileList: string[] }): Promise<Row>
    [method: string]: (...args: never[]) => unknown
  }

  interface SocketTask {
    onOpen(callback: () => void): void
    onMessage(callback: (event: { data: string | Buffer }) => void): void
    onClose(callback: (event: { code: number; reason: string }) => void): void
    onError(callback: (event: { errMsg: string }) => void): void
    send(message: { data: string | Buffer }): Promise<void>
    close(reason?: { code?: number; reason?: string }): void
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
    watchLocale(callback: (locale: string, before: string) => void): () => void
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

/** The public module of that name, whether it is the project's copy or ours. */
declare module 'uni-config-center' {
  function createConfig(options: createConfig.Options): createConfig.Config
  namespace createConfig {
    interface Options {
      /** Name of the sub-folder. */
      pluginId: string
      /** Merged under the content of config.json. */
      defaultConfig?: Record<string, unknown>
      customMerge?: (defaultConfig: Record<string, unknown>, userConfig: unknown) => unknown
    }
    interface Config {
      /** The value at the path (`a.b[1].c`), or `fallback` when there is none. */
      config<T = unknown>(path?: string | number | readonly (string | number)[], fallback?: T): T
      /** Absolute path of a file in the plug-in's folder. */
      resolve(file: string): string
      hasFile(file: string): boolean
      /** `require` of a file in the folder; undefined when it does not exist. */
      requireFile(file: string): unknown
    }
  }
  export = createConfig
}
