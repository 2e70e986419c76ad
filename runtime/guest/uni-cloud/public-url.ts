/** Where pages and apps reach this space. */
import type { GuestRuntime } from '../guest-context.ts'

/** The address of the server; without one (a single run) the default, where the files would be served. */
export function publicUrl({ space }: GuestRuntime): string {
  return space.publicUrl ?? 'http://127.0.0.1:7100'
}
