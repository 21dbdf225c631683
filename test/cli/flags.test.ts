import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { axonCommand } from '../../cli/axon.ts';
import { acceptCommonFlags, withWallet } from '../../cli/flags.ts';
import { processIo } from '../../cli/io.ts';
import { stakeCommand } from '../../cli/stake.ts';
import { subnetsCommand } from '../../cli/subnets.ts';
import { sudoCommand } from '../../cli/sudo.ts';
import { walletCommand } from '../../cli/wallet.ts';
import { weightsCommand } from '../../cli/weights.ts';

const io = processIo(new AbortController().signal);
const common =
  '--json --wallet-path --dry-run --no-prompt --yes --network --wallet-name --hotkey --netuid';

function leaves(): readonly Command[] {
  const wallet = walletCommand(io);
  const groups = [stakeCommand, subnetsCommand, sudoCommand, weightsCommand, axonCommand];
  return [wallet, ...groups.map((make) => make(io))].flatMap(({ commands }) => commands);
}

function quiet(command: Command): Command {
  return command.exitOverride().configureOutput({ writeErr: () => undefined });
}

describe('the flags that every operator command takes', () => {
  it.each(leaves().map((command) => [`${command.parent?.name()} ${command.name()}`, command]))(
    '%s',
    (_, command) => {
      if (typeof command === 'string') throw new Error(command);
      const known = command.options.map(({ long }) => long);
      expect(known).toEqual(expect.arrayContaining(common.split(' ')));
    },
  );

  it('are taken and not shown where they mean nothing', () => {
    const command = quiet(acceptCommonFlags(new Command('look')));
    const line = '--json --dry-run --no-prompt --netuid 2 --hotkey h --wallet-name n --network x';
    command.action(() => undefined).parse(line.split(' '), { from: 'user' });
    expect(command.opts()).toMatchObject({ json: true, dryRun: true, prompt: false, netuid: 2 });
    expect(command.helpInformation()).not.toContain('--dry-run');
  });
});

describe('a name after a flag', () => {
  function parsed(...line: readonly string[]) {
    const command = quiet(withWallet(new Command('look')).option('--json'));
    command.action(() => undefined).parse([...line], { from: 'user' });
    return command.opts<{ walletName?: string; json?: boolean }>();
  }

  it.each([
    ['the next flag', '--json'],
    ['nothing', ''],
    ['control characters', 'a\u001bb'],
    ['a line break', 'a\nb'],
  ])('is not %s', (_, value) => {
    expect(() => parsed('--wallet-name', value)).toThrow(/is invalid/);
    expect(() => parsed('--wallet.name', value)).toThrow(/is invalid/);
  });

  it('is taken as it is', () => {
    expect(parsed('--wallet-name', 'mine', '--json')).toEqual({ walletName: 'mine', json: true });
    expect(parsed('--name', 'my wallet').walletName).toBe('my wallet');
  });
});
