/** Trims a title, folds its white space, and cuts it to a length in characters. */
export function cleanTitle(title: unknown, maxLength: number): string {
  const text = String(title ?? '')
    .trim()
    .replace(/\s+/g, ' ')
  return [...text].slice(0, maxLength).join('')
}
