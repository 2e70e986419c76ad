/** What every page is drawn with: the language, links, and the frame around it. */
import type { Answer, ApiRequest } from '../core/exchange.ts'
import { header } from '../core/exchange.ts'
import { type Html, html, type Part, trusted } from './html.ts'
import { type Language, type Texts, texts } from './texts.ts'

export interface View {
  language: Language
  text: Texts
  mount: string
  /** Path of a page of ours. @param path below the mount */
  link(path: string): string
}

const LANGUAGE_COOKIE = 'unicloud_sandbox_lang'

export function viewOf(request: Pick<ApiRequest, 'headers' | 'query'>, mount: string): View {
  const asked = request.query.get('lang')
  const kept = new RegExp(`${LANGUAGE_COOKIE}=(zh|en)`).exec(header(request, 'cookie'))?.[1]
  const language = languageOf(asked ?? kept ?? header(request, 'accept-language'))
  return { language, text: texts[language], mount, link: (path) => `${mount}${path}` }
}

/** @param body of the page; public pages have no navigation */
export function page(view: View, title: string, body: Part, { status = 200, open = false } = {}): Answer {
  const { text, link, language, mount } = view
  const nav = html`<nav>
    <a href="${link('/')}">${text.orders}</a> <a href="${link('/ui/calls')}">${text.calls}</a>
    <a href="${link('/ui/faults')}">${text.faults}</a> <a href="${link('/ui/scan')}">${text.scan}</a>
    <a href="${link('/')}?lang=${language === 'zh' ? 'en' : 'zh'}">${text.other}</a>
  </nav>`
  const document = html`<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - ${text.title}</title><style>${trusted(style)}</style></head>
<body><header><strong>${text.title}</strong><small>${text.safe}</small>${open ? '' : nav}</header>
<main><h1>${title}</h1>${body}</main></body></html>`
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      'Referrer-Policy': 'same-origin',
      'Set-Cookie': `${LANGUAGE_COOKIE}=${language}; Path=${mount}; SameSite=Lax`,
    },
    body: document.text,
  }
}

/** After a form was handled: the browser goes to a page, so that reloading does nothing twice. */
export function seeOther(location: string): Answer {
  return { status: 303, headers: { Location: location }, body: '' }
}

/** One button that posts to an address of ours. */
export function button(
  action: string,
  label: string,
  kind: 'main' | 'plain' | 'danger' = 'plain',
  inside: Part = '',
): Html {
  return html`<form method="post" action="${action}">${inside}<button class="${kind}">${label}</button></form>`
}

/** Pairs of a name and a value; empty values are left out. */
export function facts(pairs: readonly (readonly [string, Part])[]): Html {
  const rows = pairs
    .filter(([, value]) => value !== '' && value !== null && value !== undefined)
    .map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)
  return html`<dl>${rows}</dl>`
}

// internals

function languageOf(wanted: string): Language {
  return /^\s*zh/i.test(wanted) || wanted === '' ? 'zh' : 'en'
}

const style = `
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--main:#1677ff;--bad:#d4380d;--good:#389e0d}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif}
header{padding:.75rem max(1rem,calc(50% - 29rem));border-bottom:1px solid var(--line)}
header small{display:block;opacity:.7}
nav{display:flex;flex-wrap:wrap;gap:1rem;margin-top:.5rem}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.3rem;margin:0 0 1rem;overflow-wrap:anywhere} h2{font-size:1.05rem;margin:1.5rem 0 .5rem}
a{color:var(--main)}
.card{display:block;padding:.75rem;margin:.5rem 0;border:1px solid var(--line);border-radius:.5rem;color:inherit;text-decoration:none;overflow-wrap:anywhere}
.row{display:flex;justify-content:space-between;gap:1rem;flex-wrap:wrap}
.badge{border:1px solid var(--line);border-radius:1rem;padding:0 .6rem;font-size:.9rem;white-space:nowrap} .badge.good,.badge.bad{border-color:currentColor}
.soft{opacity:.7;font-size:.9rem} .bad{color:var(--bad)} .good{color:var(--good)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0;overflow-wrap:anywhere}
dt{opacity:.7} dd{margin:0}
.actions{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0}
form{margin:0}
button{font:inherit;min-height:2.75rem;padding:.4rem 1rem;border:1px solid var(--line);border-radius:.5rem;background:var(--soft);color:inherit;cursor:pointer}
button.main{background:var(--main);border-color:var(--main);color:#fff} button.danger{color:var(--bad)}
input,select,textarea{font:inherit;min-height:2.75rem;padding:.4rem;border:1px solid var(--line);border-radius:.5rem;max-width:100%;background:transparent;color:inherit}
label{display:block;margin:.5rem 0} label span{display:block;font-size:.9rem;opacity:.7}
pre{overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);padding:.5rem;border-radius:.5rem;font-size:.85rem;max-height:24rem}
.price{font-size:2.5rem;text-align:center;margin:1rem 0} .center{text-align:center} .wide button{width:100%;margin:.25rem 0}
svg{max-width:12rem;background:#fff;border-radius:.5rem}
`
