/**
 * Compares dotted versions as the official function, the admin pages and the client popup do
 * (spec/upgrade-center.md §5): part by part as numbers, a part that is not a number equals anything, and of what
 * only the longer one has, the first part above zero decides. So 1.10 > 1.9, 1.0 = 1.0.0, 1.0.0-beta = 1.0.0.
 *
 * @returns 1 when the first is newer, -1 when the second is, 0 when neither
 */
export function compareVersions(first: unknown = '0', second: unknown = '0'): 1 | 0 | -1 {
  const a = String(first).split('.').map(Number)
  const b = String(second).split('.').map(Number)
  const common = Math.min(a.length, b.length)
  for (let index = 0; index < common; index++) {
    const [left, right] = [a[index] as number, b[index] as number]
    if (left > right) return 1
    if (left < right) return -1
  }
  if (a.slice(common).some((part) => part > 0)) return 1
  if (b.slice(common).some((part) => part > 0)) return -1
  return 0
}
