import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { DatabaseError } from '../../../database/command.ts'
import type { JournalStore } from '../../../database/engine/store/journal-store.ts'
import { dump, Folder } from './folder.ts'

const insert = (id: number, text = '') => ({ insert: 'a', documents: [{ _id: id, text }] })

describe('one owner', () => {
  test('a second engine on the folder is told who has it', async () => {
    using folder = new Folder()
    await using first = folder.open()
    expect(codeAndText(() => folder.open())).toEqual([
      98,
      expect.stringContaining(`in use by process ${process.pid}.`),
    ])
    first.announce('mongodb://127.0.0.1:27099')
    expect(codeAndText(() => folder.open())).toEqual([
      98,
      expect.stringContaining('Connect to it at mongodb://127.0.0.1:27099'),
    ])
    await first.command('d', insert(1))
  })

  test('another process is told at once', async () => {
    using folder = new Folder()
    await using _owner = folder.open()
    const child = spawnSync(
      process.execPath,
      [new URL('crash-writer.mjs', import.meta.url).pathname, THREAD, folder.path, 'os', '0'],
      {
        timeout: 15_000,
      },
    )
    expect(child.status).toBe(1)
    expect(child.stdout.toString()).toContain(`in use by process ${process.pid}.`)
  })

  test('closing gives the folder back', async () => {
    using folder = new Folder()
    await folder.open().close()
    expect(existsSync(folder.file('lock'))).toBe(false)
    await folder.open().close()
  })

  const stale: [string, unknown][] = [
    ['of a dead process', { pid: deadPid(), started: '1', host: hostname(), token: 'x' }],
    ['of a pid that was given out again', { pid: process.pid, started: '1', host: hostname(), token: 'x' }],
    ['that nobody wrote to its end', '{"pid":'],
    ['that is empty', ''],
  ]
  test.each(stale)('a lock %s is taken over', async (_name, lock) => {
    using folder = new Folder()
    writeFileSync(folder.file('lock'), typeof lock === 'string' ? lock : JSON.stringify(lock))
    await using database = folder.open()
    expect(JSON.parse(readFileSync(folder.file('lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    await database.command('d', insert(1))
  })

  test.runIf(process.platform === 'linux')(
    'a lock of a killed process that its parent forgot is taken over',
    async () => {
      using folder = new Folder()
      // `sleep` takes the shell's place and never asks for the end of the child it got with it (which ends later).
      const parent = spawn('sh', ['-c', 'sleep 1 & echo $!; exec sleep 60'])
      try {
        const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)))
        const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
        await expect.poll(() => stat()[0], { timeout: 10_000 }).toBe('Z')
        writeFileSync(
          folder.file('lock'),
          JSON.stringify({ pid, started: stat()[19], host: hostname(), token: 'x' }),
        )
        await using database = folder.open()
        await database.command('d', insert(1))
      } finally {
        parent.kill()
      }
    },
  )

  test('a lock of another machine is respected', () => {
    using folder = new Folder()
    writeFileSync(
      folder.file('lock'),
      JSON.stringify({ pid: 1, started: '', host: 'elsewhere.invalid', token: 'x' }),
    )
    expect(codeAndText(() => folder.open())).toEqual([
      98,
      expect.stringMatching(
        /process 1 on elsewhere\.invalid\..* If elsewhere\.invalid is gone, delete the file .*lock\.$/,
      ),
    ])
  })
})

describe('a folder that gives trouble', () => {
  test('a full disk fails the write, keeps nothing of it, and the database goes on', async () => {
    using folder = new Folder()
    const database = folder.open()
    // /dev/full refuses every write the way a full disk does.
    symlinkSync('/dev/full', folder.file('journal-2'))
    await (database.state.store as JournalStore).checkpoint()
    const failed = await database.command('d', insert(1)).catch((error: DatabaseError) => error)
    expect(failed).toMatchObject({ code: 14031, codeName: 'OutOfDiskSpace' })
    expect((failed as DatabaseError).message).toContain('Nothing of this command was kept')
    expect(await dump(database, 'd')).toEqual({})
    expect(await database.command('d', { count: 'a' })).toMatchObject({ n: 0 })
    await database.close().catch(() => {})
  })

  test('a file that may not grow further: earlier and smaller writes are kept', async () => {
    using folder = new Folder()
    const script = `
      import { readFileSync } from 'node:fs'
      import { MessageChannel, Worker } from 'node:worker_threads'
      process.on('SIGXFSZ', () => {})
      const worker = new Worker(${JSON.stringify(THREAD)}, { workerData: { directory: ${JSON.stringify(folder.path)}, lockToken: 'x' } })
      const { port1, port2 } = new MessageChannel()
      worker.postMessage({ kind: 'connect', port: port2 }, [port2])
      const run = (command) => new Promise((resolve) => { port1.once('message', ([text]) => { const [, kind, payload] = JSON.parse(text); resolve([kind, payload.code ?? payload.n]) }); port1.postMessage([JSON.stringify([1, 'command', 'd', command, false, {}])]) })
      console.log(JSON.stringify([
        await run({ insert: 'a', documents: [{ _id: 1, text: 'x'.repeat(1000) }] }),
        await run({ insert: 'a', documents: [{ _id: 2, text: 'x'.repeat(100000) }] }),
        await run({ insert: 'a', documents: [{ _id: 3, text: 'x'.repeat(1000) }] }),
        await run({ count: 'a' }),
      ]))
      process.exit(0)
    `
    writeFileSync(folder.file('script.mjs'), script)
    // Blocks of 512 or 1024 bytes, depending on the shell: 20 to 40 KB.
    const child = spawnSync(
      'sh',
      ['-c', `ulimit -f 40; exec "${process.execPath}" "${folder.file('script.mjs')}"`],
      { timeout: 15_000 },
    )
    expect(JSON.parse(child.stdout.toString())).toEqual([
      ['reply', 1],
      ['error', 14031],
      ['reply', 1],
      ['reply', 2],
    ])
    await using database = folder.open()
    expect(await database.command('d', { distinct: 'a', key: '_id' })).toMatchObject({ values: [1, 3] })
    expect(folder.warnings).toEqual([])
  })

  test('a folder that may not be written says so', () => {
    using folder = new Folder()
    const locked = folder.file('locked')
    mkdirSync(locked)
    chmodSync(locked, 0o555)
    chmodSync(folder.path, 0o755)
    // As root nothing is read-only: the child gives up its rights first.
    const script = `
      if (process.getuid() === 0) process.setuid(65534)
      const { Worker } = await import('node:worker_threads')
      const worker = new Worker(${JSON.stringify(THREAD)}, { workerData: { directory: ${JSON.stringify(locked)}, lockToken: 'x' } })
      worker.on('message', (message) => { console.log(JSON.stringify(message)); process.exit(0) })
    `
    writeFileSync(folder.file('script.mjs'), script)
    const child = spawnSync(process.execPath, [folder.file('script.mjs')], { timeout: 15_000 })
    const [line = ''] = child.stdout.toString().split('\n')
    expect(child.stderr.toString()).toBe('')
    expect(JSON.parse(line)).toMatchObject({
      kind: 'failed',
      failure: { error: { code: 96, message: expect.stringContaining('cannot be written (EACCES') } },
    })
  })

  test('a file where the folder should be', () => {
    using folder = new Folder()
    writeFileSync(folder.file('taken'), '')
    expect(codeAndText(() => folder.open({ directory: folder.file('taken') }))).toEqual([
      96,
      expect.stringContaining('taken'),
    ])
  })
})

// internals

const THREAD = new URL('../../../dist/database/thread.js', import.meta.url).pathname

function codeAndText(run: () => unknown): [number, string] {
  try {
    run()
  } catch (error) {
    const { code, message } = error as DatabaseError
    return [code, message]
  }
  throw new Error('nothing was thrown')
}

function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}
