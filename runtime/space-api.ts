/**
 * The service space as its faces see it: gateway, timers, CLI, console and tests are handed this and nothing else.
 * `space.ts` is the composition root that builds one.
 */

import type { MessagePort } from 'node:worker_threads'
import type { ClockState } from '../clock/adjustable-clock.ts'
import type { Clock } from '../clock/clock.ts'
import type { DocumentDatabase } from '../database/command.ts'
import type { SpaceOptions } from './config/options.ts'
import type { ClientServices } from './gateway/client-protocol/services.ts'
import type { StorageHttp } from './gateway/storage-http.ts'
import type { LogStore } from './host/log-store.ts'
import type { Outbox } from './host/outbox.ts'
import type { PushChannels } from './host/push-channels.ts'
import type { Invocation, Outcome } from './invocation.ts'
import type { Manifest } from './project/manifest.ts'

export interface Space extends AsyncDisposable {
  readonly options: SpaceOptions
  readonly manifest: Manifest
  readonly clock: Clock
  readonly logs: LogStore
  /** The space's database; started at first use. */
  database(): Promise<DocumentDatabase>
  /** MongoDB database name of this space. */
  readonly databaseName: string
  /** The one door to user code. Never rejects: every failure is an outcome. */
  invoke(invocation: Invocation): Promise<Outcome>
  /** Calls back after each reload that changed the manifest. */
  onManifest(listener: (manifest: Manifest) => void): Disposable
  /** Methods of a cloud object, loading it if needed; for the control API and the CLI. */
  methods(name: string): Promise<string[]>
  /** The address it can be reached at, once a server listens. */
  publicUrl?: string | undefined
  /** Finishes running calls (up to `graceMs`), then stops everything. */
  close(options?: { graceMs?: number }): Promise<void>
}

/** What tools that own a space may do beside calling it: hot reload, test kit, control API. */
export interface SpaceControl {
  /**
   * Reads the project again and replaces the instances that loaded one of these files, or whose entry changed.
   * Running calls finish on the old code; new ones get the new code, or its load error.
   * @param changedFiles absolute paths; none = everything may have changed
   */
  reload(changedFiles?: readonly string[]): Promise<ReloadReport>
  /** Moves the space's clock, in running instances too; an error when the space was given a clock of its own. */
  setClock(state: ClockState): void
  /** Names of the functions whose instances loaded this file. */
  functionsUsing(file: string): string[]
  /** One line per function that has instances or waiting calls. */
  instances(): PoolStatus[]
  readonly services: SpaceServices
  /** A connection of its own to the space's database, for whoever speaks `PortDatabase`. */
  connectDatabase(): Promise<MessagePort>
}

/** What stands beside the functions of a space. */
export interface SpaceServices {
  /** Stored files, for a gateway. */
  readonly storage: StorageHttp
  /** Storage requests of apps, for a gateway's client protocol. */
  readonly clientStorage: NonNullable<ClientServices['storage']>
  /** What functions asked of services without a back end here. */
  readonly outbox: Outbox
  /** SSE channels: what functions wrote to clients. */
  readonly push: PushChannels
}

export interface ReloadReport {
  /** Functions that get fresh instances. */
  reloaded: string[]
  added: string[]
  removed: string[]
}

export interface PoolStatus {
  name: string
  starting: number
  idle: number
  busy: number
  draining: number
  running: number
  waiting: number
}
