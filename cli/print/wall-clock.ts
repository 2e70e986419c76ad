/**
 * Times as the clock on the wall of this machine shows them. Functions have a zone of their own, which threads share
 * with the whole process, so `Date` speaks that zone once a space is open (spec/runtime.md §2).
 */

/** As this file is loaded, before a space is. Summer time that begins while the command runs is not followed. */
const offsetMs = -new Date().getTimezoneOffset() * 60_000

/** @param time epoch milliseconds @returns `HH:MM:SS` */
export function wallTime(time: number): string {
  return text(time).slice(11, 19)
}

/** @param time epoch milliseconds @returns `YYYY-MM-DD` */
export function wallDate(time: number): string {
  return text(time).slice(0, 10)
}

// internals

function text(time: number): string {
  return new Date(time + offsetMs).toISOString()
}
