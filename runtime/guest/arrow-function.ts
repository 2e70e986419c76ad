/** Tells arrow functions from other functions by their source text. */

/** Whether a function is an arrow function: it has no `this` of its own. */
export function isArrowFunction(value: (...args: never[]) => unknown): boolean {
  // Functions with a prototype (plain functions, classes, generators) are none; this spares reading their text.
  if (Object.hasOwn(value, 'prototype')) return false
  const text = withoutComments(Function.prototype.toString.call(value)).trim()
  if (/^(async\s+)?function\b/.test(text)) return false
  const start = text.replace(/^async\b\s*(?=[\w$([])/, '')
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>/u.test(start)) return true
  return start.startsWith('(') && /^\s*=>/.test(start.slice(closingParenthesis(start) + 1))
}

// internals

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ')
}

/** Index of the parenthesis that closes the one at 0; strings inside default values are skipped. */
function closingParenthesis(text: string): number {
  let depth = 0
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (quote) {
      if (char === '\\') at++
      else if (char === quote) quote = ''
    } else if (char === '"' || char === "'" || char === '`') quote = char
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return at
  }
  return text.length
}
