/** The `sandbox` commands and their `--help`; what they do is loaded when they are called. */
import type { Command } from 'commander'
import { addSpaceOptions } from '../space-options.ts'

/** Adds `sandbox` with everything below it. */
export function addSandboxCommands(program: Command): void {
  const sandbox = program
    .command('sandbox')
    .description('simulated payment platforms: alone, their keys, faults on demand')
    .addHelpText(
      'after',
      `
Under "unicloud-local dev" the sandbox is there already, at /_unicloud/sandbox/.
unicloud-local sandbox COMMAND --help tells more about each.`,
    )
  addAlone(sandbox)
  addKeys(sandbox)
  addFault(sandbox)
}

// internals

function addAlone(sandbox: Command): void {
  addSpaceOptions(
    sandbox
      .command('alone', { isDefault: true })
      .description('the platforms alone, for payment code that runs elsewhere')
      .option('--host <H>', 'address to listen on', '127.0.0.1')
      .option('--port <N>', 'port to listen on; 0 picks a free one', '7180')
      .option('--tls-port <N>', 'also over TLS, with a certificate for the platforms\u2019 own host names')
      .addHelpText(
        'after',
        `
Send requests for https://HOST/PATH to http://127.0.0.1:7180/_unicloud/sandbox/hosts/HOST/PATH, or to the address
itself with the header Host or x-forwarded-host. Notifications go to this machine only; what another address stands for is
said by the setting notifyRewrite. The line "ready http://HOST:PORT" goes to stdout; logs go to stderr.`,
      ),
    ['project', 'data', 'sandboxKeys'],
  ).action(async (flags) => (await import('./alone.ts')).aloneCommand(flags))
}

function addKeys(sandbox: Command): void {
  addSpaceOptions(
    sandbox
      .command('keys')
      .description('make the merchants of this space and write a ready uni-pay configuration for them')
      .option(
        '--out <DIR>',
        'folder of the configuration (default: uni-pay in the uni-config-center of the project)',
      )
      .addHelpText(
        'after',
        `
Nothing is overwritten: a configuration that is there may hold your real merchant.

Examples:
  unicloud-local sandbox keys
  unicloud-local sandbox keys --out ../other/uni-pay`,
      ),
    ['project', 'provider', 'port', 'data', 'sandboxKeys'],
  ).action(async (flags) => (await import('./keys.ts')).keysCommand(flags))
}

function addFault(sandbox: Command): void {
  addSpaceOptions(
    sandbox
      .command('fault')
      .argument('[kind]', 'what is to go wrong, such as notify.lost')
      .description(
        'let something go wrong: lost, doubled, forged notifications, failing platforms, late money',
      )
      .option('--times <N>', 'how often', '1')
      .option('--order <NUMBER>', 'only with this order (out_trade_no)')
      .option('--at <PROVIDER>', 'only with wxpay, alipay, appleiap, wxpay-virtual or huawei')
      .option('--api <NAME>', 'only with this call')
      .option('--args <JSON>', 'details, such as {"ms":3000}')
      .option('--list', 'all kinds with what they do, and those that wait')
      .option('--clear', 'forget those that wait')
      .option('--url <URL>', 'server with the sandbox (default: the dev server of this project)')
      .option('--token <TOKEN>', 'its token, when it printed one')
      .addHelpText(
        'after',
        `
Examples:
  unicloud-local sandbox fault notify.lost
  unicloud-local sandbox fault notify.duplicate --args '{"times":5}'
  unicloud-local sandbox fault api.timeoutAfterCommit --at alipay
  unicloud-local sandbox fault --list`,
      ),
    ['project', 'host', 'port'],
  ).action(async (kind, flags) => (await import('./fault.ts')).faultCommand(kind, flags))
}
