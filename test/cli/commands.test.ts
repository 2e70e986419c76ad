import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { version } from '../../runtime/package-info.ts'
import { cli, dev, mainFile, temporaryFolder } from './run-cli.ts'

/** A project made by `init`, shared by the tests that only read it. */
let project: string

beforeAll(async () => {
  project = path.join(await temporaryFolder(), 'shop')
  expect((await cli(['init', project])).code).toBe(0)
})

describe('help and usage', () => {
  test('--help lists the commands', async () => {
    const { code, stdout } = await cli(['--help'])
    expect(code).toBe(0)
    for (const name of ['dev', 'run', 'triggers', 'init']) expect(stdout).toContain(name)
  })

  test.each(['dev', 'run', 'triggers', 'init'])('%s --help', async (command) => {
    const { code, stdout } = await cli([command, '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: unicloud-local ${command}`)
  })

  test('--version', async () => {
    expect((await cli(['--version'])).stdout.trim()).toBe(version)
  })

  test('an unknown command or option is a usage error', async () => {
    expect(await cli(['serv'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("unknown command 'serv'"),
    })
    expect(await cli(['dev', '--prot', '1'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--prot'),
    })
  })

  test('a wrong value says what is allowed', async () => {
    const { code, stderr } = await cli(['dev', '--project', project, '--port', 'x'])
    expect(code).toBe(2)
    expect(stderr).toContain('error --port is "x": a whole number from 0 to 65535 is allowed')
  })

  test('a folder without a project says where it looked', async () => {
    const folder = await temporaryFolder()
    const { code, stderr } = await cli(['dev', '--project', folder])
    expect(code).toBe(2)
    expect(stderr).toContain(folder)
  })

  // Here and not beside the others: the test runner loads modules in its own way.
  test.each([
    ['with a syntax error', 'export default {\n  port: ,\n}', 'Unexpected ","', ':2:9)'],
    ['that throws', '\nthrow new Error("no key")', 'no key', ':2:7)'],
  ])('a configuration in JavaScript %s', async (_name, text, message, place) => {
    const folder = await temporaryFolder()
    await writeFile(path.join(folder, 'unicloud-local.config.mjs'), text)
    const { code, stderr } = await cli(['triggers', '--project', folder])
    expect(code).toBe(2)
    expect(stderr).toContain(`error the configuration cannot be loaded: ${message} (`)
    expect(stderr).toContain(`unicloud-local.config.mjs${place}`)
  })
})

describe('init', () => {
  test('the commands it proposes can be pasted', async () => {
    const folder = await temporaryFolder()
    const { stdout } = await cli(['init', 'my shop', '--template', 'hello'], { cwd: folder })
    expect(stdout).toContain('\n  cd "my shop"\n')
  })

  test('writes a project that nothing else is needed for', async () => {
    expect(await readFile(path.join(project, '.gitignore'), 'utf8')).toContain('.unicloud-local/')
    expect(await readFile(path.join(project, 'unicloud-local.config.ts'), 'utf8')).toContain('defineConfig')
  })

  test('overwrites nothing', async () => {
    const { code, stderr } = await cli(['init', project])
    expect(code).toBe(2)
    expect(stderr).toContain('nothing was written')
  })

  test('an unknown template names those there are', async () => {
    const { code, stderr } = await cli(['init', path.join(project, 'x'), '--template', 'blog'])
    expect(code).toBe(2)
    expect(stderr).toContain('todo, hello')
  })

  test('template hello', async () => {
    const folder = path.join(await temporaryFolder(), 'hello')
    await cli(['init', folder, '--template', 'hello'])
    const { code, stdout } = await cli(['run', 'hello', '--params', '{"a":1}'], { cwd: folder })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ hello: 'uniCloud', event: { a: 1 } })
  })
})

describe('run', () => {
  const run = async (...args: string[]) => await cli(['run', ...args, '--project', project])

  test('a function', async () => {
    const { code, stdout } = await run('greet', '--params', '{"name":"Ada"}')
    expect({ code, result: JSON.parse(stdout) }).toEqual({
      code: 0,
      result: { hello: 'Ada', from: 'server' },
    })
  })

  test('client fields make it a client call', async () => {
    const { stdout } = await run('greet', '--client-info', '{"uniPlatform":"web"}')
    expect(JSON.parse(stdout)).toEqual({ hello: 'uniCloud', from: 'client' })
  })

  test('parameters from a file and from standard input', async () => {
    const file = path.join(await temporaryFolder(), 'data.json')
    await writeFile(file, '\uFEFF{"name":"File"}')
    expect(JSON.parse((await run('greet', '--data-file', file)).stdout)).toMatchObject({ hello: 'File' })
    const piped = await cli(['run', 'greet', '--data-file', '-', '--project', project], {
      stdin: '{"name":"Pipe"}',
    })
    expect(JSON.parse(piped.stdout)).toMatchObject({ hello: 'Pipe' })
  })

  test('a method; state stays in the project', async () => {
    const added = await run('todo.add', '--params', '[{"title":"milk"}]')
    expect(JSON.parse(added.stdout)).toMatchObject({ errCode: 0, title: 'milk' })
    const listed = JSON.parse((await run('todo.list')).stdout) as { data: { title: string }[] }
    expect(listed.data.map(({ title }) => title)).toContain('milk')
  })

  test('who stands in the cloud folder means the project around it', async () => {
    const folder = path.join(await temporaryFolder(), 'around')
    await cli(['init', folder])
    await writeFile(path.join(folder, 'unicloud-local.config.ts'), `export default { spaceId: 'around' }`)
    await cli(['run', 'todo.add', '--params', '{"title":"bread"}'], { cwd: folder })
    const { stdout } = await cli(['run', 'todo.list'], { cwd: path.join(folder, 'uniCloud-aliyun') })
    expect((JSON.parse(stdout) as { data: { title: string }[] }).data.map(({ title }) => title)).toContain(
      'bread',
    )
  })

  test('the configuration file may name the project', async () => {
    const folder = await temporaryFolder()
    await cli(['init', path.join(folder, 'inner'), '--template', 'hello'])
    await writeFile(path.join(folder, 'unicloud-local.config.json'), '{ "project": "inner" }')
    expect((await cli(['run', 'hello'], { cwd: folder })).code).toBe(0)
  })

  test('the parameter file of an object names method and arguments', async () => {
    expect(JSON.parse((await run('todo')).stdout)).toMatchObject({ title: 'Try unicloud-local' })
  })

  test('a response-format failure of a method is a failed call', async () => {
    const { code, stdout } = await run('todo.add', '--params', '[{"title":""}]')
    expect({ code, result: JSON.parse(stdout) }).toMatchObject({
      code: 1,
      result: { errCode: 'todo-empty-title' },
    })
  })

  test('an unknown method fails with uniCloud’s own text', async () => {
    const { code, stdout } = await run('todo.nothing', '--params', '[]')
    expect({ code, result: JSON.parse(stdout) }).toMatchObject({
      code: 1,
      result: { errCode: 'METHOD_NOT_FOUND', errMsg: 'Method[nothing] not found' },
    })
  })

  test('a timer', async () => {
    const { code, stdout } = await run('todo', '--timing', '--at', '2026-01-01T03:00:00+08:00')
    expect({ code, result: JSON.parse(stdout) }).toEqual({ code: 0, result: { deleted: 0 } })
  })

  const wrong: [string, string[], RegExp][] = [
    [
      'unknown function',
      ['nobody'],
      /no cloud function or object is named "nobody"[\s\S]*there are: .*greet/,
    ],
    ['a name every object has', ['toString'], /no cloud function or object is named "toString"/],
    ['method of a function', ['greet.x'], /greet is a cloud function and has no method x/],
    ['broken JSON', ['greet', '--params', '{'], /--params is not JSON/],
    ['two sources', ['greet', '--params', '{}', '--data-file', 'x'], /both given/],
    ['missing file', ['greet', '--data-file', '/nowhere.json'], /--data-file cannot be read/],
    ['client info', ['greet', '--client-info', '3'], /--client-info is 3: an object is allowed/],
    [
      'unknown trigger',
      ['todo', '--timing', '--trigger', 'daily'],
      /no trigger "daily"[\s\S]*it has: nightly/,
    ],
    ['bad instant', ['todo', '--timing', '--at', 'soon'], /--at is "soon"/],
    ['timer options without a timer', ['todo.list', '--trigger', 'nightly'], /--trigger needs --timing/],
    ['parameters of a timer', ['todo', '--timing', '--params', '{}'], /--params has no effect with --timing/],
    [
      'a file for a state folder',
      ['greet', '--data', mainFile],
      /state folder cannot be written: there is a file/,
    ],
  ]
  test.each(wrong)('usage: %s', async (_name, args, message) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})

describe('triggers', () => {
  test('as JSON', async () => {
    const { code, stdout } = await cli(['triggers', '--project', project, '--next', '2', '--json'])
    expect(code).toBe(0)
    const rows = JSON.parse(stdout) as { function: string; next: string[] }[]
    expect(rows).toMatchObject([{ function: 'todo', trigger: 'nightly', config: '0 0 3 * * * *' }])
    expect(rows[0]?.next).toHaveLength(2)
    expect(rows[0]?.next[0]).toMatch(/T19:00:00.000Z$/)
  })

  test('for people', async () => {
    const { stdout } = await cli(['triggers', '--project', project])
    expect(stdout).toMatch(/todo {2}nightly {2}0 0 3 \* \* \* \*\n {2}\S+ 03:00:00 \+08:00/)
  })
})

describe('dev', () => {
  test('goes on serving when nobody reads its output any more', async () => {
    await using server = await dev(['--project', project])
    server.child.stdout?.destroy()
    server.child.stderr?.destroy()
    for (let call = 0; call < 3; call++) {
      expect((await fetch(`${server.url}/todo/list`)).status).toBe(200)
      // The line of the call before is written, and refused, after its answer.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(await server.stop()).toBe(0)
  })

  test('prints one ready line, serves, and ends cleanly on both signals', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      await using server = await dev(['--project', project])
      expect(await (await fetch(`${server.url}/greet?name=Ada`)).json()).toEqual({
        hello: 'Ada',
        from: 'http',
      })
      expect(await (await fetch(`${server.url}/_unicloud/api/health`)).json()).toMatchObject({ status: 'ok' })
      expect(await server.stop(signal)).toBe(0)
      expect(server.output.stdout).toBe(`ready ${server.url}\n`)
      expect(server.output.stderr).toMatch(/http +greet GET \/ +[\d.]+ ms ok/)
    }
  })

  test('times are those of the machine, whatever zone functions have', async () => {
    const zone = process.env.TZ
    process.env.TZ = 'Asia/Tokyo'
    try {
      await using server = await dev(['--project', project])
      const time = (text: string | undefined) => Number(text?.slice(0, 2)) * 60 + Number(text?.slice(3, 5))
      await fetch(`${server.url}/greet`)
      await until(async () => server.output.stderr.includes(' ok cold'))
      // 03:00 in UTC+8, and nine hours ahead of UTC here.
      expect(server.output.stderr).toMatch(/todo .* next timer (\d{4}-\d\d-\d\d )?04:00:00/)
      const shown = time(/^(\d\d:\d\d):\d\d .* greet GET/m.exec(server.output.stderr)?.[1])
      const late = (time(new Date().toISOString().slice(11, 16)) + 540 - shown + 1440) % 1440
      expect(late).toBeLessThanOrEqual(1)
    } finally {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
  })

  test('a second one on the same data is told so at its first use of the database', async () => {
    await using first = await dev(['--project', project])
    await fetch(`${first.url}/todo/list`)
    await using second = await dev(['--project', project])
    expect(await (await fetch(`${second.url}/todo/list`)).json()).toMatchObject({
      success: false,
      error: { message: expect.stringContaining('in use') },
    })
  })

  test('a port that is taken is a clear error', async () => {
    await using first = await dev(['--project', project])
    const port = new URL(first.url).port
    const { code, stderr } = await cli(['dev', '--project', project, '--port', port])
    expect(code).toBe(2)
    expect(stderr).toContain(port)
  })

  test('an edit, a new function and a removed one are picked up', async () => {
    const folder = path.join(await temporaryFolder(), 'live')
    await cli(['init', folder, '--template', 'hello'])
    const functions = path.join(folder, 'uniCloud-aliyun', 'cloudfunctions')
    await using server = await dev(['--project', folder])
    const get = async (url: string) => await (await fetch(server.url + url)).text()
    expect(await get('/hello')).toContain('uniCloud')

    await writeFile(path.join(functions, 'hello', 'index.js'), 'exports.main = async () => "edited"')
    await until(async () => (await get('/hello')) === 'edited')

    await mkdir(path.join(functions, 'late'))
    await writeFile(path.join(functions, 'late', 'package.json'), '{"cloudfunction-config":{"path":"/late"}}')
    await writeFile(
      path.join(functions, 'late', 'index.ts'),
      'export const main = async (): Promise<string> => "late"',
    )
    await until(async () => (await get('/late')) === 'late')

    await writeFile(
      path.join(functions, 'late', 'package.json'),
      '{"cloudfunction-config":{"path":"/moved"}}',
    )
    await until(async () => (await get('/moved')) === 'late')
  })

  test('a save that breaks a package.json is told at once, with its place', async () => {
    const folder = path.join(await temporaryFolder(), 'broken')
    await cli(['init', folder, '--template', 'hello'])
    const file = path.join(folder, 'uniCloud-aliyun', 'cloudfunctions', 'hello', 'package.json')
    await using server = await dev(['--project', folder])
    await writeFile(file, '{ "cloudfunction-config": { "timeout": "long" } }')
    await until(async () => server.output.stderr.includes('cloudfunctions/hello/package.json:1:40)'))
    expect(server.output.stderr).toMatch(
      /cloudfunction-config.timeout is "long"; allowed: a number of seconds/,
    )
  })

  test('a configuration that cannot be served is waited out', async () => {
    const folder = path.join(await temporaryFolder(), 'configured')
    await cli(['init', folder, '--template', 'hello'])
    const file = path.join(folder, 'unicloud-local.config.ts')
    await using server = await dev(['--project', folder])
    const get = async () => await (await fetch(`${server.url}/hello`)).text()
    await writeFile(file, `export default { data: ${JSON.stringify(file)} }`)
    await until(async () => server.output.stderr.includes('waiting for another change'))
    expect(server.output.stderr).toContain('the state folder cannot be written: there is a file in its place')
    await writeFile(file, 'export default {}')
    await until(async () => (await get().catch(() => '')).includes('uniCloud'))
    await writeFile(file, `export default { data: ${JSON.stringify(file)} }`)
    await until(async () => (server.output.stderr.match(/waiting for another change/g) ?? []).length === 2)
    expect(await server.stop('SIGINT')).toBe(0)
  })

  test('a new database file brings in its collection', async () => {
    const folder = path.join(await temporaryFolder(), 'seeded')
    await cli(['init', folder])
    await using server = await dev(['--project', folder])
    await fetch(`${server.url}/todo/list`)
    const file = path.join(folder, 'uniCloud-aliyun', 'database', 'late.init_data.json')
    await writeFile(file, '[{ "_id": "1" }, { "_id": "2" }]')
    await until(async () => {
      const body = JSON.stringify({ count: 'late' })
      const response = await fetch(`${server.url}/_unicloud/api/database`, { method: 'POST', body })
      return ((await response.json()) as { n?: number }).n === 2
    })
  })

  test('--json prints log lines as JSON on stderr', async () => {
    const folder = path.join(await temporaryFolder(), 'json')
    await cli(['init', folder])
    await writeFile(
      path.join(folder, 'uniCloud-aliyun', 'cloudfunctions', 'greet', 'package.json'),
      '{"extensions":{"x":{}}}',
    )
    await using server = await dev(['--project', folder, '--json'])
    const body = { method: 'POST', body: '{}' }
    await fetch(`${server.url}/_unicloud/api/functions/greet`, body)
    await server.stop()
    const lines = server.output.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toContainEqual(expect.objectContaining({ channel: 'call', functionName: 'greet' }))
    expect(lines[0]).toMatchObject({ level: 'warn', channel: 'system', where: { line: 1, column: 16 } })
  })
})

async function until(check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error('it did not come true within 30 s')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('functions in this process, which leave a timer behind', () => {
  const project = async (): Promise<string> => {
    const folder = await temporaryFolder()
    const home = path.join(folder, 'cloudfunctions', 'f')
    await mkdir(home, { recursive: true })
    await writeFile(path.join(home, 'package.json'), '{"cloudfunction-config":{"path":"/f"}}')
    await writeFile(
      path.join(home, 'index.js'),
      'exports.main = () => { setInterval(() => {}, 1000); return 1 }',
    )
    return folder
  }

  test('do not keep run', async () => {
    const options = ['--project', await project(), '--isolation', 'in-process']
    expect(await cli(['run', 'f', ...options])).toMatchObject({ code: 0, stdout: '1\n' })
  })

  test('do not keep dev', async () => {
    await using server = await dev(['--project', await project(), '--isolation', 'in-process'])
    expect(await (await fetch(`${server.url}/f`)).text()).toBe('1')
    expect(await server.stop()).toBe(0)
  })
})
