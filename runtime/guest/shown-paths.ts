/** Texts of errors as callers see them: where this machine keeps a project is nothing they need to know. */
import path from 'node:path'
import type { GuestSpace } from '../bridge.ts'

/** Files of the configuration from `uni-config-center` on: its errors begin with them (spec/config-center.md §4). */
export function withoutConfigFolder(text: string, space: GuestSpace): string {
  const module = space.modules['uni-config-center']
  return module ? shorten(text, path.dirname(module.dir)) : text
}

/** Files of the project from its root on, too. */
export function withoutProjectFolder(text: string, space: GuestSpace): string {
  return shorten(withoutConfigFolder(text, space), space.projectRoot)
}

// internals

function shorten(text: string, folder: string): string {
  return text.replaceAll(folder + path.sep, '')
}
