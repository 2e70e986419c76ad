/**
 * Who may call what (spec/uni-pay.md §3.1). A method that is not listed is open to everyone, signed in or not:
 * whoever knows an order number can ask for that order and close it. A project closes methods, or opens them, with
 * `uni-config-center/uni-pay/permission.js`:
 *
 * ```js
 * module.exports = { closeOrder: { role: ['admin'] }, getOrder: { auth: true } }
 * ```
 */
import { loadFromProject } from './project-file.ts'

/** All that is listed must be met, and of each list any one suffices; the role admin always passes. */
export interface AccessRule {
  /** Any user who is signed in. */
  auth?: boolean
  role?: string[]
  permission?: string[]
}

export function accessRule(method: string): AccessRule | undefined {
  const custom = loadFromProject('permission.js') as Record<string, AccessRule> | undefined
  const rules: Record<string, AccessRule> = { ...defaults, ...custom }
  return Object.hasOwn(rules, method) ? rules[method] : undefined
}

// internals

const defaults: Record<string, AccessRule> = { refund: { role: ['admin'] } }
