/** One line of the command's own on stderr: as text, or as the log's JSON lines are. */

export interface Remark {
  level: 'info' | 'warn' | 'error'
  /** As a person reads it, colours included. */
  shown: string
  /** What a JSON line says instead; further members stand beside it. */
  text: string
  [member: string]: unknown
}

export function printRemark({ level, shown, ...members }: Remark, json: boolean): void {
  const line = json
    ? JSON.stringify({ time: new Date().toISOString(), level, channel: 'system', ...members })
    : shown
  process.stderr.write(`${line}\n`)
}
