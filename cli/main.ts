#!/usr/bin/env node
/** The command line. Each command is loaded when it is called: `dev` does not pay for `init`. */
import { Command, CommanderError } from 'commander'
import { version } from '../runtime/package-info.ts'
import { addDatabaseCommands } from './db/commands.ts'
import { printFailure } from './print/failure.ts'
import { addSandboxCommands } from './sandbox/commands.ts'
import { addSpaceOptions } from './space-options.ts'

const program = new Command('unicloud-local')
  .description(
    'An offline uniCloud service space: cloud functions, cloud objects, database, redis, timers, URLs.',
  )
  .version(version)
  .configureHelp({ showGlobalOptions: false })
  .showHelpAfterError('(unicloud-local --help shows what there is)')
  .exitOverride()

addSpaceOptions(program.command('dev'))
  .description('serve a project on this machine and reload it as you edit')
  .option('--no-sandbox', 'let requests to payment platforms go out')
  .option('--json', 'log lines as JSON on stderr')
  .addHelpText(
    'after',
    `
Examples:
  unicloud-local dev                              the project in this folder, on port 7100
  unicloud-local dev --project ../shop --port 0   another folder, a free port
  unicloud-local dev --redis redis://127.0.0.1    a real redis instead of the built-in one

The line "ready http://HOST:PORT" goes to stdout when calls are answered; logs go to stderr.
Ctrl-C finishes running calls and stops.`,
  )
  .action(async (flags) => (await import('./dev.ts')).dev(flags))

addSpaceOptions(program.command('run'))
  .argument('<target>', 'NAME of a function, NAME.METHOD of an object')
  .description('call a function or a method once and print its result as JSON')
  .option('--params <JSON>', 'event of a function; arguments of a method (an array, or one value)')
  .option('--data-file <FILE>', 'the same, read from a file ("-" reads standard input)')
  .option('--client-info <JSON>', 'client fields, as an app would send them')
  .option('--token <TOKEN>', 'uni-id token of the caller')
  .option('--timing', 'fire the timer instead: main of a function, _timing of an object')
  .option('--trigger <NAME>', 'with --timing: name of the trigger')
  .option('--at <ISO>', 'with --timing: the scheduled instant (default: now)')
  .option('--json', 'log lines as JSON on stderr')
  .addHelpText(
    'after',
    `
Examples:
  unicloud-local run hello --params '{"name":"Ada"}'
  unicloud-local run todo.add --params '["buy milk"]' --token eyJ…
  unicloud-local run report --timing --at 2026-01-01T02:00:00+08:00

Without --params the function's own *.param.json or *.param.js is read, as HBuilderX does.
The result goes to stdout, logs to stderr; exit code 0, or 1 when the call failed.`,
  )
  .action(async (target, flags) => (await import('./run.ts')).run(target, flags))

addSpaceOptions(program.command('triggers'), ['project', 'provider', 'data', 'builtins'])
  .description('list timers and when they fire next')
  .option('--next <N>', 'how many fire times to show', '3')
  .option('--json', 'as JSON')
  .addHelpText(
    'after',
    '\nCron expressions are read in UTC+8 whatever zone this machine has, as the cloud does.',
  )
  .action(async (flags) => (await import('./triggers.ts')).triggers(flags))

addDatabaseCommands(program)
addSandboxCommands(program)

program
  .command('init')
  .argument('[dir]', 'folder to create (default: the current folder)')
  .description('write a new project: a cloud object in TypeScript with database, timer and URL')
  .option(
    '--template <NAME>',
    '"todo" (object, database, timer, URL, public module) or "hello" (one function)',
    'todo',
  )
  .action(async (dir, flags) => (await import('./init.ts')).init(dir, flags))

// Who reads along may leave, as `head` and `grep -m1` do: a server goes on serving, a command goes on to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

try {
  await program.parseAsync()
} catch (error) {
  // Commander has already printed usage errors and help; its exit code says which it was.
  process.exitCode = error instanceof CommanderError ? error.exitCode : printFailure(error)
}
