/** TEMP */

import type { SpaceOptions } from '../config/options.ts'
import type { OpenDatabase } from './database-access.ts'
export async function openDatabase(_space: unknown): Promise<OpenDatabase> {
  throw new Error('no database yet')
}
export function databaseName(options: SpaceOptions): string {
  return options.spaceId
}
