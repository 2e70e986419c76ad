/** The `db` commands and their `--help`; what they do is loaded when they are called. */
import { type Command, Option } from 'commander'
import { addSpaceOptions } from '../space-options.ts'

/** Adds `db` with everything below it. */
export function addDatabaseCommands(program: Command): void {
  const db = program
    .command('db')
    .description('data in and out: export, import, reset, check, snapshots, a MongoDB shell')
    .addHelpText('after', '\nunicloud-local db COMMAND --help tells more about each.')
  addInit(db)
  addReset(db)
  addExport(db)
  addImport(db)
  addCheck(db)
  addSnapshot(db)
  addShell(db)
}

// internals

/** The options that say which database is meant. */
const which = ['project', 'provider', 'spaceId', 'data', 'database', 'storage'] as const

const running = `
While a dev server has the data folder, the command goes through it; it need not be stopped.`

function addInit(db: Command): void {
  addSpaceOptions(
    db
      .command('init')
      .argument('[collection...]', 'only these collections')
      .description(
        "apply the project's database files: add collections, indexes and documents that are missing",
      )
      .option('--json', 'what was done as JSON')
      .addHelpText(
        'after',
        `
Documents that are there already, by _id or another unique key, are skipped; others without an _id are
inserted again. Existing indexes stay. Exit code 1 when something in the files is wrong.

Examples:
  unicloud-local db init
  unicloud-local db init opendb-city-china
  unicloud-local db init --database mongodb://127.0.0.1:27017/?replicaSet=rs0
${running}`,
      ),
    which,
  ).action(async (only, flags) => (await import('./init.ts')).initCommand(only, flags))
}

function addReset(db: Command): void {
  addSpaceOptions(
    db
      .command('reset')
      .argument('[collection...]', 'only these collections (default: all of the database)')
      .description("drop collections and make anew those the project's database files describe")
      .option('--yes', 'do not ask')
      .option('--json', 'what was done as JSON')
      .addHelpText(
        'after',
        `
Examples:
  unicloud-local db reset                 asks before it drops anything
  unicloud-local db reset --yes           for scripts
  unicloud-local db reset orders carts    these two only

A database too damaged to be opened is set aside as a whole; its files are kept.
${running}`,
      ),
    which,
  ).action(async (only, flags) => (await import('./init.ts')).resetCommand(only, flags))
}

function addExport(db: Command): void {
  addSpaceOptions(
    db
      .command('export')
      .argument('[collection...]', 'what to write (default: all collections)')
      .description('write collections as Extended JSON, one document a line')
      .option(
        '--out <PATH>',
        'a file, a folder (a file for each collection), or "-" for the standard output',
        '-',
      )
      .addOption(
        new Option('--format <FORMAT>', 'one document a line, or one JSON array')
          .choices(['jsonl', 'json'])
          .default('jsonl'),
      )
      .option('--canonical', 'name the kind of every number ({"$numberInt":"1"})')
      .option('--gzip', 'pack with gzip')
      .option('--query <JSON>', 'only documents that match this MongoDB filter')
      .option('--sort <JSON>', 'in this order, for example {"created":-1} (default: as they were inserted)')
      .option('--limit <N>', 'at most so many documents of each collection')
      .option('--fields <LIST>', 'only these members, separated by commas')
      .option('--no-ids', 'leave _id out, so that an import gives new ones')
      .option('--indexes', "write the indexes too, as uniCloud's COLLECTION.index.json (needs a folder)")
      .addHelpText(
        'after',
        `
Every value is read back by "db import" as it was: numbers keep their kind, dates their milliseconds.
Documents are written as they come; the memory it takes does not grow with the collection.

Examples:
  unicloud-local db export users                              to the terminal, or into a pipe
  unicloud-local db export users --out users.jsonl
  unicloud-local db export --out backup/ --gzip --indexes     everything, a file a collection
  unicloud-local db export orders --query '{"status":1,"create_date":{"$gte":{"$date":"2026-01-01T00:00:00Z"}}}'
  unicloud-local db export roles --format json --no-ids --out uniCloud-aliyun/database/roles.init_data.json
${running}`,
      ),
    which,
  ).action(async (asked, flags) => (await import('./export.ts')).exportCommand(asked, flags))
}

function addImport(db: Command): void {
  addSpaceOptions(
    db
      .command('import')
      .argument(
        '<file...>',
        'JSON lines or a JSON array, plain or gzip; a folder of such; "-" for the standard input',
      )
      .description('read documents from files into collections')
      .option('--collection <NAME>', 'where to (default: by the name of the file, users.jsonl -> users)')
      .addOption(
        new Option(
          '--mode <MODE>',
          'what to do with an _id that is there already: refuse it, or replace its document',
        )
          .choices(['insert', 'upsert'])
          .default('insert'),
      )
      .option('--drop', 'empty the collection first; its indexes stay')
      .option(
        '--stop-on-error',
        'the first document that cannot be imported ends it (default: the others go on)',
      )
      .option('--exact', "take every value as it stands, without the provider's rules for ids and dates")
      .option('--verbose', 'show every problem, not only the first 20')
      .option('--json', 'the counts as JSON')
      .addHelpText(
        'after',
        `
Values follow the rules of add(): on aliyun {"$oid":"…"} and strings of 24 hex digits become ObjectIds and ISO
strings dates, elsewhere they stay strings; {"$date":…} is a date everywhere. A collection that is not there yet
gets the indexes its project declares. Problems are told with file and line; exit code 1 when there were any.

Examples:
  unicloud-local db import users.jsonl
  unicloud-local db import backup/ --drop
  unicloud-local db import export.json.gz --collection users --mode upsert
  curl -s https://example.com/users.jsonl | unicloud-local db import - --collection users
${running}`,
      ),
    which,
  ).action(async (files, flags) => (await import('./import.ts')).importCommand(files, flags))
}

function addCheck(db: Command): void {
  addSpaceOptions(
    db
      .command('check')
      .description('verify checksums, commits, catalogue and every index; changes nothing')
      .option('--json', 'findings as JSON')
      .addHelpText(
        'after',
        `
Every document is compared with every index in both directions. Exit code 1 when an error was found.
While a dev server has the data folder, a copy of it is checked, and the indexes in its memory as well.
With --database mongodb://… the server validates its collections itself.`,
      ),
    which,
  ).action(async (flags) => (await import('./check.ts')).checkCommand(flags))
}

function addSnapshot(db: Command): void {
  const snapshot = db
    .command('snapshot')
    .description('keep copies of the database under a name and go back to them')
    .addHelpText(
      'after',
      `
Examples:
  unicloud-local db snapshot save before-migration    also while a dev server runs
  unicloud-local db snapshot restore before-migration
  unicloud-local db snapshot list

Snapshots lie in the folder "snapshots" of the data folder.`,
    )
  addSpaceOptions(
    snapshot
      .command('save')
      .argument('<name>')
      .description('keep the database as it is now')
      .option('--replace', 'an older snapshot of this name gives way'),
    which,
  ).action(async (name, flags) => (await import('./snapshot.ts')).saveCommand(name, flags))
  addSpaceOptions(
    snapshot
      .command('restore')
      .argument('<name>')
      .description(
        'put a snapshot in the place of the present database, which is lost; nothing may be using it',
      ),
    which,
  ).action(async (name, flags) => (await import('./snapshot.ts')).restoreCommand(name, flags))
  addSpaceOptions(
    snapshot.command('list').description('what there is, the oldest first').option('--json', 'as JSON'),
    which,
  ).action(async (flags) => (await import('./snapshot.ts')).listCommand(flags))
  addSpaceOptions(
    snapshot.command('delete').argument('<name>').description('delete a snapshot'),
    which,
  ).action(async (name, flags) => (await import('./snapshot.ts')).deleteCommand(name, flags))
}

function addShell(db: Command): void {
  addSpaceOptions(
    db
      .command('shell')
      .argument('[mongosh...]', 'arguments for mongosh, behind "--"')
      .description('start mongosh on the database, or print the address for another MongoDB client')
      .option('--uri', 'print the address only')
      .option('--port <N>', 'where to listen when no dev server does it (default: a free port)')
      .addHelpText(
        'after',
        `
Examples:
  unicloud-local db shell
  unicloud-local db shell -- --quiet --eval 'db.users.countDocuments()'
  unicloud-local db shell --uri               for Compass, DataGrip and the like; serves until Ctrl-C

A dev server that has the data folder is asked for its address. Without one the database is served by this
command, on 127.0.0.1 only, for as long as it runs.`,
      ),
    which,
  ).action(async (args, flags) => (await import('./shell.ts')).shellCommand(args, flags))
}
