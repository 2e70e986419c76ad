/** Name of the space's database on a MongoDB server and in our own engine. */
import type { SpaceOptions } from '../config/options.ts'

/** MongoDB forbids some characters in a database's name; a space id may be anything. */
export function databaseName(options: SpaceOptions): string {
  return options.spaceId.replace(/[/\\. "$*<>:|?\0]/g, '-').slice(0, 63)
}
