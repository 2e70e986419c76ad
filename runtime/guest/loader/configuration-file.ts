/** Files of uni-config-center hold keys and passwords: what is in them is never shown (spec/config-center.md §4). */
import path from 'node:path'

const folder = `${path.sep}uni-config-center${path.sep}`

/** Whether a file is one of the configuration, and not the module that reads it. */
export function isConfiguration(file: string): boolean {
  // The last one counts: the plug-in that brings the module along has its name, too.
  const at = file.lastIndexOf(folder)
  return at !== -1 && !/^(?:index\.[^.]+|package\.json)$/.test(file.slice(at + folder.length))
}
