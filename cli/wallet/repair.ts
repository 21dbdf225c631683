import { join } from 'node:path';
import type { Command } from 'commander';
import { SubnetError } from '../../common/errors.ts';
import { listWallets, walletFiles, walletLocation } from '../../common/keys/wallet.ts';
import { findModeProblems, repairMode } from '../../common/keys/wallet-modes.ts';
import type { ModeFinding } from '../../common/keys/wallet-modes.ts';
import { locationOf, withAction, withWallet } from '../flags.ts';
import type { ActionFlags, WalletFlags } from '../flags.ts';
import type { WalletDeps } from './wallet-deps.ts';

interface RepairFlags extends WalletFlags, ActionFlags {
  readonly all?: boolean;
}

/** `subnet wallet repair`: closes folders and key files to others, after asking. */
export function addRepair(deps: WalletDeps, command: Command): void {
  withAction(withWallet(command.command('repair')))
    .description('close wallet files to others (0700, 0600) and remove what a crash left behind')
    .option('--all', 'every wallet in the folder')
    .action((flags: RepairFlags) => repair(deps, flags));
}

async function repair(deps: WalletDeps, flags: RepairFlags): Promise<void> {
  const { io } = deps;
  const findings = foldersOf(deps, flags).flatMap(findModeProblems);
  const mendable = findings.filter((finding) => finding.repair.kind !== 'none');
  if (flags.json !== true) findings.forEach((finding) => io.out(lineOf(finding)));
  const isAsked = mendable.length > 0 && flags.dryRun !== true;
  if (isAsked) await mend(deps, flags, mendable);
  const left = findings.length - (isAsked ? mendable.length : 0);
  if (flags.json === true) {
    const dryRun = flags.dryRun === true ? { dryRun: true } : {};
    io.out(JSON.stringify({ ok: left === 0, ...dryRun, findings, left }));
  } else if (findings.length === 0) io.out('nothing to repair');
  else io.out(`${findings.length - left} repaired, ${left} left`);
  if (left > 0) io.setExitCode(1);
}

async function mend(
  deps: WalletDeps,
  flags: RepairFlags,
  findings: readonly ModeFinding[],
): Promise<void> {
  if (!(await deps.prompter(flags).confirm(`Repair ${findings.length} of these?`))) {
    throw new SubnetError('CANCELLED');
  }
  findings.forEach(repairMode);
}

function foldersOf({ io }: WalletDeps, flags: RepairFlags): readonly string[] {
  const location = locationOf(io, flags);
  const { folder } = walletFiles(location);
  if (flags.all !== true) {
    if (listWallets(location.path).some(({ name }) => name === location.name)) return [folder];
    throw new SubnetError('WALLET_NOT_FOUND', { file: folder });
  }
  const root = join(folder, '..');
  return listWallets(root).map(
    ({ name }) => walletFiles(walletLocation({ path: root, name })).folder,
  );
}

function lineOf({ file, problem, repair }: ModeFinding): string {
  if (repair.kind === 'chmod') return `${file}: ${problem}; chmod 0${repair.mode.toString(8)}`;
  return `${file}: ${problem}${repair.kind === 'remove' ? '; remove' : ''}`;
}
