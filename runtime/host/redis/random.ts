/** Random members, as `srandmember` and its relatives pick them. */

/** @param count above 0: that many different ones at most; below 0: exactly that many, with repeats */
export function randomPicks<T>(items: readonly T[], count: number): T[] {
  if (items.length === 0) return []
  if (count < 0) return Array.from({ length: -count }, () => items[randomIndex(items.length)] as T)
  const pool = [...items]
  const picked: T[] = []
  while (picked.length < count && pool.length > 0) {
    const index = randomIndex(pool.length)
    picked.push(pool[index] as T)
    pool[index] = pool.at(-1) as T
    pool.pop()
  }
  return picked
}

// internals

function randomIndex(length: number): number {
  return Math.floor(Math.random() * length)
}
