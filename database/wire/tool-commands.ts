import { arch, cpus, hostname, platform, release, totalmem } from 'node:os'
import { Binary, Long } from 'bson'
import { COMMANDS } from '../engine/commands/table.ts'
import { fail } from '../engine/errors.ts'
import { type Doc, isDocument } from '../engine/values/types.ts'
import { SET_NAME, WIRE_VERSION } from './hello.ts'
import type { WireContext } from './wire-context.ts'

/**
 * Commands shells and graphical tools send before they show anything (spec/embedded-database.md §12). They tell what
 * there is to tell and no more.
 */

/** `buildInfo` */
export function buildInfo(): Doc {
  return {
    version: VERSION,
    versionArray: [7, 0, 0, 0],
    gitVersion: 'unicloud-local',
    modules: ['unicloud-local'],
    allocator: 'javascript',
    javascriptEngine: 'none',
    sysInfo: 'deprecated',
    openssl: { running: process.versions.openssl ?? '' },
    buildEnvironment: { distarch: arch(), target_os: platform() },
    bits: 64,
    debug: false,
    maxBsonObjectSize: 16 * 1024 * 1024,
    storageEngines: ['unicloud-local'],
    ok: 1,
  }
}

/** `getParameter` */
export function getParameter({ command }: WireContext): Doc {
  const { getParameter: wanted, ...named } = command
  const all = wanted === '*' || (isDocument(wanted) && wanted.allParameters === true)
  const found = Object.entries(PARAMETERS).filter(([name]) => all || name in named)
  if (found.length === 0) fail(72, 'no option found to get')
  return { ...Object.fromEntries(found), ok: 1 }
}

/** `serverStatus` */
export function serverStatus({ state }: WireContext): Doc {
  const { store, transactions, cursors, sessions } = state.engine.state
  const uptime = uptimeSeconds(state.started)
  const { heapUsed, rss } = process.memoryUsage()
  return {
    host: hostname(),
    version: VERSION,
    process: 'unicloud-local',
    pid: process.pid,
    uptime,
    uptimeMillis: uptime * 1000,
    localTime: state.now,
    connections: {
      current: state.open,
      available: 1000,
      totalCreated: state.connections,
      active: state.open,
    },
    logicalSessionRecordCache: { activeSessionsCount: sessions.size },
    mem: { bits: 64, resident: megabytes(rss), virtual: megabytes(rss), supported: true },
    extra_info: { heap_usage_bytes: heapUsed },
    metrics: { cursor: { open: { total: cursors.size } } },
    transactions: { currentOpen: transactions.count },
    opcounters: { insert: 0, query: 0, update: 0, delete: 0, getmore: 0, command: 0 },
    network: { bytesIn: 0, bytesOut: 0, numRequests: 0 },
    storageEngine: { name: 'unicloud-local', persistent: store.constructor.name !== 'MemoryStore' },
    repl: { setName: SET_NAME, isWritablePrimary: true, secondary: false },
    ok: 1,
  }
}

/** `hostInfo` */
export function hostInfo({ state }: WireContext): Doc {
  const cores = cpus().length
  return {
    system: {
      currentTime: state.now,
      hostname: hostname(),
      cpuAddrSize: 64,
      memSizeMB: megabytes(totalmem()),
      numCores: cores,
      cpuArch: arch(),
    },
    os: { type: platform(), name: platform(), version: release() },
    extra: {},
    ok: 1,
  }
}

/** `getLog`: there is none, and nothing to warn of. */
export function getLog({ command }: WireContext): Doc {
  if (command.getLog === '*') return { names: ['global', 'startupWarnings'], ok: 1 }
  return { totalLinesWritten: 0, log: [], ok: 1 }
}

/** `connectionStatus` */
export function connectionStatus({ authentication }: WireContext): Doc {
  const { user } = authentication
  const users = user === undefined ? [] : [{ user, db: 'admin' }]
  const roles = user === undefined ? [] : [{ role: 'root', db: 'admin' }]
  return {
    authInfo: { authenticatedUsers: users, authenticatedUserRoles: roles, authenticatedUserPrivileges: [] },
    ok: 1,
  }
}

/** `whatsmyuri` */
export function whatsMyUri({ peer }: WireContext): Doc {
  return { you: peer.client, ok: 1 }
}

/** `replSetGetStatus` */
export function replicaSetStatus({ state, peer }: WireContext): Doc {
  const opTime = { ts: state.clusterTime.now(), t: Long.ONE }
  return {
    set: SET_NAME,
    date: state.now,
    myState: 1,
    term: Long.ONE,
    optimes: { lastCommittedOpTime: opTime, appliedOpTime: opTime, durableOpTime: opTime },
    members: [
      {
        _id: 0,
        name: peer.address,
        health: 1,
        state: 1,
        stateStr: 'PRIMARY',
        uptime: uptimeSeconds(state.started),
        optime: opTime,
        optimeDate: state.now,
        configVersion: 1,
        self: true,
      },
    ],
    ok: 1,
  }
}

/** `replSetGetConfig` */
export function replicaSetConfig({ peer }: WireContext): Doc {
  const members = [{ _id: 0, host: peer.address, arbiterOnly: false, hidden: false, priority: 1, votes: 1 }]
  return { config: { _id: SET_NAME, version: 1, term: 1, members, settings: {} }, ok: 1 }
}

/** `currentOp`: commands run one at a time, so whoever asks sees only itself. */
export function currentOperations(): Doc {
  return { inprog: [], ok: 1 }
}

/** `top` */
export function top(): Doc {
  return { totals: { note: 'all times in microseconds' }, ok: 1 }
}

/** `listCommands` */
export function listCommands({ state }: WireContext, own: Iterable<string>): Doc {
  const names = [...COMMANDS.keys(), ...own].filter(
    (name) => state.failPoints !== undefined || name !== 'configureFailPoint',
  )
  const describe = (name: string) => [name, { help: '', requiresAuth: state.users !== undefined }]
  return { commands: Object.fromEntries(names.sort().map(describe)), ok: 1 }
}

/** `getCmdLineOpts` */
export function commandLine(): Doc {
  return { argv: ['unicloud-local'], parsed: {}, ok: 1 }
}

/** `usersInfo` and `rolesInfo`: users are no documents here. */
export function noUsers({ command }: WireContext): Doc {
  return 'usersInfo' in command ? { users: [], ok: 1 } : { roles: [], ok: 1 }
}

/** `profile`: there is no profiler. */
export function profile({ command }: WireContext): Doc {
  if (command.profile !== 0 && command.profile !== -1) {
    fail(72, 'The embedded database has no profiler; use explain, or a real server')
  }
  return { was: 0, slowms: 100, sampleRate: 1, ok: 1 }
}

/** `startSession` */
export function startSession(): Doc {
  const id = new Binary(crypto.getRandomValues(new Uint8Array(16)), Binary.SUBTYPE_UUID)
  return { id: { id }, timeoutMinutes: 30, ok: 1 }
}

/** `killAllSessions` and its like: ends whatever any session has open. */
export function killAllSessions({ state }: WireContext): Doc {
  const { transactions, cursors } = state.engine.state
  transactions.abortAll()
  cursors.killWhere((cursor) => cursor.session !== undefined)
  return { ok: 1 }
}

/** Commands that ask for something there is no need for here. */
export function accepted(): Doc {
  return { ok: 1 }
}

// internals

const VERSION = '7.0.0'
const PARAMETERS: Doc = {
  featureCompatibilityVersion: { version: '7.0' },
  authenticationMechanisms: ['SCRAM-SHA-256'],
  transactionLifetimeLimitSeconds: 60,
  localLogicalSessionTimeoutMinutes: 30,
  maxWireVersion: WIRE_VERSION,
  ttlMonitorSleepSecs: 60,
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576)
}

function uptimeSeconds(started: number): number {
  return Math.floor((performance.now() - started) / 1000)
}
