/**
 * The project's callback for paid orders: `notify/<type>` (spec/uni-pay.md §3.8). A project keeps its own in
 * `uni-config-center/uni-pay/notify/`, so that nobody has to change this object; those that ship with it come second.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { loadFromProject, projectHas } from '../config/project-file.ts'
import type { OrderRow } from '../dao/order-row.ts'
import type { aes } from '../libs/crypto.ts'

export interface CallbackArguments {
  /** What the platform says, in the names of uni-pay. */
  verifyResult: UniCloudGuest.Row
  /** The order. Compare `total_fee`: the client chose it. */
  data: OrderRow
  clientInfo?: UniCloudGuest.ClientInfo | undefined
  cloudInfo?: UniCloudGuest.CloudInfo | undefined
  libs: { crypto: { aes: typeof aes } }
}

/** @returns whether the business is done; false is final as well */
export type Callback = (call: CallbackArguments) => unknown

/** Names of callbacks; anything else could name a file elsewhere (D16). */
export function isCallbackName(type: unknown): type is string {
  return typeof type === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(type)
}

/**
 * The callback of orders of this type; undefined when there is none.
 *
 * @throws what its file throws, and Error when it exports no function
 */
export function findCallback(type: unknown): Callback | undefined {
  if (!isCallbackName(type)) return undefined
  const exported = fromProject(type) ?? fromHere(type)
  if (exported === undefined) return undefined
  const callback = functionIn(exported)
  if (callback) return callback
  throw new Error(
    `notify/${type} exports no function: module.exports = async ({ verifyResult, data }) => true`,
  )
}

// internals

const extensions = ['.ts', '.js'] as const

function fromProject(type: string): unknown {
  const file = extensions.map((extension) => `notify/${type}${extension}`).find(projectHas)
  return file === undefined ? undefined : loadFromProject(file)
}

function fromHere(type: string): unknown {
  const file = extensions
    .map((extension) => path.join(__dirname, '..', 'notify', `${type}${extension}`))
    .find((candidate) => existsSync(candidate))
  return file === undefined ? undefined : require(file)
}

function functionIn(exported: unknown): Callback | undefined {
  if (typeof exported === 'function') return exported as Callback
  const { default: callback } = (exported ?? {}) as { default?: unknown }
  return typeof callback === 'function' ? (callback as Callback) : undefined
}
