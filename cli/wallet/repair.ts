import { join } from 'node:path';
import type { Command } from 'commander';
import { SubnetError } from '../../common/errors.ts';
import { listWallets, walletFiles, walletLocation } from '../../common/keys/wallet.ts';
import { findModeProblems, modeText, repairMode } from '../../common/keys/wallet-modes.ts';
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
    .addHelpText(
      'after',
      '\nExit code: 0 when nothing is left open, 1 when something has to be done by hand.',
    )
    .action((flags: RepairFlags) => repair(deps, flags));
}

async function repair(deps: WalletDeps, flags: RepairFlags): Promise<void> {
  const { io } = deps;
  const findings = foldersOf(deps, flags).flatMap(findModeProblems);
  const mendable = findings.filter((finding) => finding.repair.kind !== 'none');
  const left = findings.length - mendable.length;
  if (flags.json !== true) findings.forEach((finding) => io.out(lineOf(finding)));
  if (mendable.length > 0 && flags.dryRun !== true) await mend(deps, flags, mendable);
  if (flags.json === true) io.out(JSON.stringify(reportOf(findings, left, flags)));
  else io.out(summaryOf(mendable.length, left, flags));
  if (left > 0) io.setExitCode(1);
}

function reportOf(findings: readonly ModeFinding[], left: number, { dryRun }: RepairFlags) {
  const told = findings.map((finding) => ({
    ...finding,
    repair: repairText(finding),
    repaired: finding.repair.kind !== 'none' && dryRun !== true,
  }));
  return { ok: left === 0, ...(dryRun === true && { dryRun }), findings: told, left };
}

/** Modes as chmod takes them: a decimal figure means nothing to anybody. */
function repairText({ repair }: ModeFinding): Readonly<Record<string, string>> {
  return repair.kind === 'chmod' ? { kind: 'chmod', mode: modeText(repair.mode) } : repair;
}

function summaryOf(mendable: number, left: number, { dryRun }: RepairFlags): string {
  if (mendable + left === 0) return 'nothing to repair';
  return `${mendable} ${dryRun === true ? 'would be repaired' : 'repaired'}, ${left} left`;
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
  if (repair.kind === 'chmod') return `${file}: ${problem}; chmod ${modeText(repair.mode)}`;
  return `${file}: ${problem}${repair.kind === 'remove' ? '; remove' : ''}`;
}
