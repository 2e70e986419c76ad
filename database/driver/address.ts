/**
 * What of a connection string may be shown: never the part with user and password. Whatever stands before the last `@`
 * may be one, however odd the string.
 */
export function shownUri(uri: string): string {
  const scheme = /^[a-z+]+:\/\//i.exec(uri)?.[0] ?? ''
  const rest = uri.slice(scheme.length)
  const at = rest.lastIndexOf('@')
  // Options may hold secrets too (`authMechanismProperties`).
  const place = rest.slice(at + 1).replace(/\?.*$/s, '')
  return `${scheme}${at >= 0 ? '***@' : ''}${place}`
}

/** The hosts of a connection string. */
export function hostsOf(uri: string): string {
  const shown = shownUri(uri)
  return decoded(shown.replace(/^[a-z+]+:\/\/(\*\*\*@)?/i, '').replace(/\/.*$/s, '')) || 'an empty address'
}

/** A text without the string's secrets in it. */
export function withoutSecrets(text: string, uri: string): string {
  const secrets = /^[a-z+]+:\/\/(.*)@/is.exec(uri)?.[1] ?? ''
  let shown = text.replaceAll(uri, shownUri(uri))
  // A name is no secret, and a short one would be found in the middle of words.
  const [name = '', ...password] = secrets.split(':')
  for (const secret of [secrets, password.join(':'), ...(password.length > 0 ? password : [name])]) {
    if (secret === '') continue
    shown = shown.replaceAll(secret, '***').replaceAll(decoded(secret), '***')
  }
  return shown
}

// internals

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
