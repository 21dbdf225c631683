import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain, DevChainOptions } from '../../chain/devchain.ts';
import { axonCommand } from '../../cli/axon.ts';
import type { CliIo } from '../../cli/io.ts';
import { addWalletChainCommands } from '../../cli/operator/wallet-chain.ts';
import { quietLibraryLogs } from '../../cli/quiet-console.ts';
import { specCommand } from '../../cli/spec.ts';
import { stakeCommand } from '../../cli/stake.ts';
import { subnetsCommand } from '../../cli/subnets.ts';
import { sudoCommand } from '../../cli/sudo.ts';
import { weightsCommand } from '../../cli/weights.ts';
import { genesisSchema } from '../../common/config/genesis-schema.ts';
import type { GenesisConfig } from '../../common/config/genesis-schema.ts';
import { isSubnetError } from '../../common/errors.ts';
import { createLogger } from '../../common/node/log.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createWallet } from '../../common/keys/wallet.ts';

quietLibraryLogs(console);

/** Wallets (coldkey, then hotkeys by name) on the chain of these tests. */
const wallets = {
  owner: { coldkey: '//Alice', hotkeys: { default: '//OwnerHot', second: '//OwnerTwo' } },
  val: { coldkey: '//Bob', hotkeys: { default: '//ValHot', miner: '//MinHot', fresh: '//NewHot' } },
  poor: { coldkey: '//Poor', hotkeys: { default: '//PoorHot' } },
} as const;

export const subnetId = 2;
export const tempo = 20;

export const genesis: GenesisConfig = genesisSchema.parse({
  sudo: '//Alice',
  balances: [
    { account: '//Alice', tao: 1_000_000 },
    { account: '//Bob', tao: 5000 },
    { account: '//Poor', tao: '0.01' },
  ],
  network: { stakeThresholdTao: 0, adminFreezeWindow: 0 },
  subnets: [
    {
      netuid: subnetId,
      owner: '//Alice',
      ownerHotkey: '//OwnerHot',
      tempo,
      commitRevealEnabled: false,
      weightsRateLimit: 0,
      servingRateLimit: 0,
      burnTao: 1,
      neurons: [
        { hotkey: '//ValHot', coldkey: '//Bob', stakeTao: 100 },
        { hotkey: '//MinHot', coldkey: '//Bob' },
      ],
    },
  ],
});

export interface Ended {
  /** `ok`, or the code of the error. */
  readonly code: string;
  readonly message: string;
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** The last line of stdout. */
  json(): Record<string, unknown>;
}

export interface OperatorWorld {
  readonly dir: string;
  readonly chain: DevChain;
  /** `subnet ARGS`, on this chain, with the wallets of this world. */
  run(...args: readonly string[]): Promise<Ended>;
  dispose(): Promise<void>;
}

export async function startOperatorWorld(
  options: Partial<DevChainOptions> = {},
): Promise<OperatorWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'operator-'));
  writeWallets(dir);
  const log = createLogger({ level: 'silent' });
  const chain = await startDevChain({ port: 0, blockTimeMs: 250, genesis, log, ...options });
  return {
    dir,
    chain,
    run: (...args) => run(dir, chain.url, args),
    dispose: async () => {
      await chain.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function writeWallets(dir: string): void {
  const sr25519 = loadSr25519();
  for (const [name, { coldkey, hotkeys }] of Object.entries(wallets)) {
    Object.entries(hotkeys).forEach(([hotkey, hotkeySuri], at) => {
      const options =
        at === 0
          ? { coldkey: 'unencrypted' as const, coldkeySuri: coldkey, hotkeySuri }
          : { coldkey: 'none' as const, hotkeySuri };
      createWallet(sr25519, { path: dir, name, hotkey }, options);
    });
  }
}

async function run(dir: string, url: string, args: readonly string[]): Promise<Ended> {
  const [out, err]: [string[], string[]] = [[], []];
  let exit = 0;
  const io: CliIo = {
    out: (text) => void out.push(...text.split('\n')),
    err: (text) => void err.push(...text.split('\n')),
    env: { BT_WALLET_PATH: dir, BT_WALLET_NAME: 'val', BT_CHAIN_ENDPOINT: url },
    isTty: false,
    colour: false,
    columns: 80,
    signal: new AbortController().signal,
    setExitCode: (code) => {
      exit = code;
    },
  };
  const ended = (code: string, message: string): Ended => ({
    code,
    message,
    exit,
    out,
    err,
    json: () => JSON.parse(out.at(-1) ?? '') as Record<string, unknown>,
  });
  try {
    await programOf(io).parseAsync([...args], { from: 'user' });
    return ended('ok', '');
  } catch (error) {
    if (!isSubnetError(error)) throw error;
    exit = error.exitCode;
    return ended(error.code, error.message);
  }
}

function programOf(io: CliIo): Command {
  const wallet = new Command('wallet');
  addWalletChainCommands(io, wallet);
  const groups = [
    subnetsCommand(io),
    stakeCommand(io),
    weightsCommand(io),
    sudoCommand(io),
    axonCommand(io),
    specCommand(io),
    wallet,
  ];
  const program = new Command('subnet');
  groups.forEach((group) => program.addCommand(group));
  return quiet(program);
}

/** Errors of the command line are thrown. */
function quiet(command: Command): Command {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  command.commands.forEach(quiet);
  return command;
}
