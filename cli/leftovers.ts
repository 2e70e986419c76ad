/** What functions leave behind in this process. */
import type { SpaceOptions } from '../runtime/config/options.ts'

/**
 * Ends the process once the command is done when functions ran inside it: their timers and connections would keep it
 * for ever. Threads and processes of functions take theirs along.
 */
export function leaveLeftovers({ isolation }: Pick<SpaceOptions, 'isolation'>): void {
  // Where pipes take their time, what was written comes first.
  if (isolation === 'in-process') process.stdout.write('', () => process.exit())
}
