/** The cloud object by itself: bundled as CommonJS, with a `uniCloud` that keeps rows in memory. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

type Row = Record<string, unknown>
type UpgradeCenter = typeof import('../../cloudobjects/uni-upgrade-center/index.obj.ts')['default']

/** What uni-id-common answers to `checkToken`. */
export type Identity = Row | Error

export interface Guest {
  object: UpgradeCenter
  /** Collections by name. */
  tables: Record<string, Row[]>
  /** Conditions that reached the database. */
  conditions: Row[]
  deletedFiles: string[]
  /** Tokens and options that reached uni-id. */
  checks: { token: unknown; autoRefresh: unknown }[]
  /** `this` of a call. */
  context(call?: {
    method?: string
    params?: unknown[]
    client?: Row
    http?: Row
    token?: string
  }): CloudObjectContext
}

let bundle: Promise<string> | undefined

/** @param identity what uni-id-common says; absent: the project has none */
export async function guest(tables: Record<string, Row[]> = {}, identity?: Identity): Promise<Guest> {
  bundle ??= bundled()
  const conditions: Row[] = []
  const deletedFiles: string[] = []
  const checks: Guest['checks'] = []
  const uniCloud = {
    database: () => ({ collection: (name: string) => collection(tables, name, conditions) }),
    deleteFile: async ({ fileList }: { fileList: string[] }) => {
      deletedFiles.push(...fileList)
      return { fileList: fileList.map((fileID) => ({ fileID, code: 'SUCCESS' })) }
    },
  }
  const uniId = {
    createInstance: () => ({
      checkToken: async (token: unknown, { autoRefresh }: { autoRefresh: unknown }) => {
        checks.push({ token, autoRefresh })
        if (identity instanceof Error) throw identity
        return identity
      },
    }),
  }
  const require = Object.assign(() => uniId, {
    resolve: (name: string) => {
      if (!identity)
        throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
      return name
    },
  })
  const module = { exports: {} as { default: UpgradeCenter } }
  new Function('module', 'exports', 'require', 'uniCloud', await bundle)(
    module,
    module.exports,
    require,
    uniCloud,
  )
  return {
    object: module.exports.default,
    tables,
    conditions,
    deletedFiles,
    checks,
    context: ({ method = '_onCall', params = [], client = {}, http, token } = {}) => ({
      getClientInfo: () => ({
        clientIP: '127.0.0.1',
        userAgent: 'test',
        source: http ? 'http' : 'client',
        requestId: 'r1',
        ...client,
      }),
      getCloudInfo: () => {
        throw new Error('not needed here')
      },
      getUniIdToken: () => token,
      getMethodName: () => method,
      getParams: () => params,
      getUniCloudRequestId: () => 'r1',
      getHttpInfo: () => http as never,
    }),
  }
}

// internals

async function bundled(): Promise<string> {
  const entry = new URL('../../cloudobjects/uni-upgrade-center/index.obj.ts', import.meta.url)
  const result = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['uni-id-common'],
  })
  return result.outputFiles[0]?.text ?? ''
}

function collection(tables: Record<string, Row[]>, name: string, conditions: Row[]) {
  const query = (rows: Row[]) => ({
    limit: (count: number) => query(rows.slice(0, count)),
    orderBy: (field: string) =>
      query([...rows].sort((a, b) => Number(b[field] ?? 0) - Number(a[field] ?? 0))),
    get: async () => ({ data: structuredClone(rows) }),
  })
  return {
    where: (condition: Row) => {
      conditions.push(condition)
      return query((tables[name] ?? []).filter((row) => matches(row, condition)))
    },
    doc: (id: string) => ({
      set: async (data: Row) => {
        const others = (tables[name] ?? []).filter((row) => row._id !== id)
        tables[name] = [...others, { _id: id, ...data }]
        return { affectedDocs: 1, updated: 1, upsertedId: null }
      },
    }),
  }
}

function matches(row: Row, condition: Row): boolean {
  return Object.entries(condition).every(([field, value]) => {
    const stored = row[field]
    return Array.isArray(stored) ? stored.includes(value) : stored === value
  })
}
