import { readFileSync } from 'node:fs'
import type { CheckRequest, VersionRow } from '../../cloudobjects/uni-upgrade-center/decide.ts'

type CheckEvent = CheckRequest & { action: string; headers?: Record<string, string>; body?: string }

/** One case of upgrade-cases.json; `expect` was measured with the official function. */
export interface UpgradeCase {
  id: string
  title: string
  channel: 'client' | 'http'
  context: { OS?: string }
  event: CheckEvent
  rows: VersionRow[]
  expect: { exact: Record<string, unknown> } | { code: number; message: string; row: string }
}

interface UpgradeCases {
  compare: [unknown, unknown, number][]
  cases: UpgradeCase[]
}

export const { compare, cases } = JSON.parse(
  readFileSync(new URL('../conformance/upgrade-cases.json', import.meta.url), 'utf8'),
) as UpgradeCases

/** The whole answer a case asks for. */
export function expectedAnswer({ expect, rows }: UpgradeCase): Record<string, unknown> {
  if ('exact' in expect) return expect.exact
  const { code, message } = expect
  return { code, message, ...rows.find((row) => row._id === expect.row) }
}

/** `{"undefined":true}` stands for an argument that is not passed. */
export function argument(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'undefined' in value ? undefined : value
}
