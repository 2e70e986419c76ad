import type { Doc } from '../engine/values/types.ts'
import { hello } from './hello.ts'
import {
  accepted,
  buildInfo,
  commandLine,
  connectionStatus,
  currentOperations,
  getLog,
  getParameter,
  hostInfo,
  killAllSessions,
  listCommands,
  noUsers,
  profile,
  replicaSetConfig,
  replicaSetStatus,
  serverStatus,
  startSession,
  top,
  whatsMyUri,
} from './tool-commands.ts'
import type { WireContext } from './wire-context.ts'

/** A command about the connection or the server; what is about data is the engine's. */
export type WireCommand = (context: WireContext) => Doc

/** Those commands by name. */
export const WIRE_COMMANDS: ReadonlyMap<string, WireCommand> = new Map<string, WireCommand>([
  ['hello', hello],
  ['isMaster', hello],
  ['ismaster', hello],
  ['saslStart', ({ authentication, command }) => authentication.start(command)],
  ['saslContinue', ({ authentication, command }) => authentication.continue(command)],
  ['logout', ({ authentication }) => authentication.forget()],
  ['buildInfo', buildInfo],
  ['buildinfo', buildInfo],
  ['getParameter', getParameter],
  ['serverStatus', serverStatus],
  ['hostInfo', hostInfo],
  ['getLog', getLog],
  ['getCmdLineOpts', commandLine],
  ['connectionStatus', connectionStatus],
  ['whatsmyuri', whatsMyUri],
  ['replSetGetStatus', replicaSetStatus],
  ['replSetGetConfig', replicaSetConfig],
  ['currentOp', currentOperations],
  ['top', top],
  ['listCommands', (context) => listCommands(context, WIRE_COMMANDS.keys())],
  ['usersInfo', noUsers],
  ['rolesInfo', noUsers],
  ['profile', profile],
  ['startSession', startSession],
  ['killAllSessions', killAllSessions],
  ['killAllSessionsByPattern', killAllSessions],
  ['killOp', accepted],
  ['fsync', accepted],
])
