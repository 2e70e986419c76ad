import { expect, test } from 'vitest'
import { clientCall, failureOf, openSpace } from './open-space.ts'
import { ProjectFolder } from './project-folder.ts'

const dependencies = { 'uni-config-center': 'file:../common/uni-config-center' }
const read = (how: string) => `exports.main = () => require('uni-config-center')${how}`

/** Keys and passwords lie around every mistake in these files (spec/config-center.md §4). */
const cases: [name: string, code: string, text: RegExp][] = [
  [
    'JSON, as the module reads it',
    read("({ pluginId: 'json' }).config()"),
    /json\/config\.json: Expected ',' or '}' after property value/,
  ],
  [
    'JSON, required',
    "exports.main = () => require('uni-config-center/json/config.json')",
    /json\/config\.json: not valid JSON, line 2, column 20$/,
  ],
  [
    'JSON, when the function is loaded',
    "require('uni-config-center/json/config.json')",
    /json\/config\.json: not valid JSON, line 2, column 20$/,
  ],
  [
    'JavaScript',
    read("({ pluginId: 'js' }).requireFile('config.js')"),
    /js\/config\.js: a syntax error, line 2, column 29$/,
  ],
  [
    'module syntax',
    read("({ pluginId: 'esm' }).requireFile('config.js')"),
    /esm\/config\.js: a syntax error, line 2, column 21$/,
  ],
  [
    'JavaScript that throws, when the function is loaded',
    "require('uni-config-center/throws/config.js')",
    /no key$/,
  ],
]

test.each(cases)('a mistake in the configuration shows nothing of it: %s', async (_name, code, text) => {
  using project = new ProjectFolder({
    'f/index.js': code,
    'f/package.json': JSON.stringify({ dependencies }),
    'common/uni-config-center/json/config.json': '{\n  "key": "hunter2" hunter2\n}',
    'common/uni-config-center/js/config.js': "module.exports = {\n  key: 'hunter2',   hunter2 hunter2\n}",
    'common/uni-config-center/esm/config.js': "export default {\n  key: 'hunter2',   = hunter2\n}",
    'common/uni-config-center/throws/config.js': "const key = 'hunter2'\nthrow new Error('no key')",
  })
  await using space = await openSpace({ project: project.root, builtins: true })
  const [, message] = failureOf(await space.invoke(clientCall('f')))
  expect(message).toMatch(text)
  const shown = JSON.stringify([message, space.logs.list()])
  expect(shown).toContain('config.js')
  expect(shown).not.toContain('hunter2')
})
