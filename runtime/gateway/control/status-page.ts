/** A small page at `/_unicloud/`: which functions there are, their URLs, how to call them. */

export function statusPage(): string {
  return page
}

// internals

// The token, when the server asks for one, comes in the fragment (`/_unicloud/#TOKEN`), which is never sent anywhere.
const page = `<!doctype html>
<meta charset="utf-8">
<title>unicloud-local</title>
<style>
  body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color-scheme: light dark }
  table { border-collapse: collapse; width: 100% }
  td, th { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top }
  code { font-size: 13px }
  .error { color: #c33 }
</style>
<h1>unicloud-local</h1>
<p id="health">…</p>
<table><thead><tr><th>name<th>kind<th>methods<th>URL<th>file</thead><tbody id="functions"></tbody></table>
<p>Call one: <code id="function"></code><br>
or a method of an object: <code id="method"></code></p>
<script>
  const token = location.hash.slice(1)
  const byId = (id) => document.getElementById(id)
  const get = async (path) => {
    const response = await fetch('/_unicloud/api/' + path, token ? { headers: { authorization: 'Bearer ' + token } } : {})
    const body = await response.json()
    if (body.errCode === 'TOKEN_REQUIRED') throw new Error('Open this page as ' + location.pathname + '#TOKEN, with the token printed at start.')
    if (!response.ok) throw new Error(body.errMsg)
    return body
  }
  const cell = (row, content, className) => {
    const td = row.insertCell()
    td.append(content)
    if (className) td.className = className
  }
  // Seen from a phone, this server is where the page came from.
  const link = (path) => Object.assign(document.createElement('a'), { href: location.origin + path, textContent: location.origin + path })
  const curl = (path, body) =>
    'curl -X POST ' + location.origin + '/_unicloud/api/' + path + (token ? " -H 'authorization: Bearer " + token + "'" : '') + " -d '" + body + "'"
  byId('function').textContent = curl('functions/NAME', '{"data":{}}')
  byId('method').textContent = curl('objects/NAME/METHOD', '{"params":[]}')
  Promise.all([get('health'), get('functions')]).then(([health, { functions }]) => {
    byId('health').textContent =
      health.spaceId + ' (' + health.provider + '), ' + health.project + ', version ' + health.version
    for (const item of functions) {
      const row = byId('functions').insertRow()
      cell(row, item.name)
      cell(row, item.kind)
      cell(row, item.methods.join(', '))
      cell(row, item.url ? link(item.config.path) : '')
      const problems = item.errors.map((error) => error.message).join('; ')
      cell(row, problems || item.source, problems && 'error')
    }
  }, (error) => Object.assign(byId('health'), { textContent: error.message, className: 'error' }))
</script>
`
