import { chmodSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { messageOf, SubnetError } from '../errors.ts';
import { temporaryPattern } from './wallet-write.ts';

/** Something about a wallet's files that lets others at them, and what mends it. */
export interface ModeFinding {
  readonly file: string;
  readonly problem: string;
  readonly repair: ModeRepair;
}

export type ModeRepair =
  | { readonly kind: 'chmod'; readonly mode: number }
  | { readonly kind: 'remove' }
  /** Nothing that this process may do; the problem says what to do. */
  | { readonly kind: 'none' };

const folderMode = 0o700;
const secretMode = 0o600;
const publicMode = 0o644;

/**
 * What is wrong with the modes of a wallet folder: it and its `hotkeys` 0700, secret files 0600,
 * public files not writable by others. Narrower modes are fine.
 */
export function findModeProblems(folder: string): readonly ModeFinding[] {
  const hotkeys = join(folder, 'hotkeys');
  return [folder, hotkeys, ...filesIn(folder), ...filesIn(hotkeys)].flatMap(findingsOf);
}

/** Carries out one repair. Throws WALLET_UNWRITABLE. */
export function repairMode({ file, repair }: ModeFinding): void {
  try {
    if (repair.kind === 'chmod') chmodSync(file, repair.mode);
    if (repair.kind === 'remove') rmSync(file, { force: true });
  } catch (error) {
    throw new SubnetError('WALLET_UNWRITABLE', { detail: messageOf(error), file });
  }
}

function filesIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
    return files.map(({ name }) => join(folder, name)).sort();
  } catch {
    return [];
  }
}

function findingsOf(file: string): readonly ModeFinding[] {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (stats.isSymbolicLink()) return findingsOfLink(file);
  if (temporaryPattern.test(basename(file))) {
    const problem = 'left by an interrupted write; it may hold a secret';
    return [{ file, problem, repair: { kind: 'remove' } }];
  }
  return foreignOwner(file, stats) ?? wideMode(file, stats);
}

/** What a link leads to lies outside of the wallet: it is looked at, and left alone. */
function findingsOfLink(file: string): readonly ModeFinding[] {
  const wide = openMode(file);
  if (wide === undefined) return [];
  const problem = `it is a link, and where it leads ${wide}: close that by hand`;
  return [{ file, problem, repair: { kind: 'none' } }];
}

/** How others get at a file or folder, or where it links to; `undefined` when they do not. */
export function openMode(file: string): string | undefined {
  try {
    const stats = statSync(file);
    return openText(stats.mode, wantedMode(basename(file), stats));
  } catch {
    // Nothing is there, or a link that leads in a circle: reading it says so.
    return undefined;
  }
}

function openText(mode: number, wanted: number): string | undefined {
  const tooWide = mode & ~wanted & 0o077;
  if (tooWide === 0) return undefined;
  const verb = (tooWide & 0o022) !== 0 && (tooWide & 0o055) === 0 ? 'change' : 'open';
  return `others can ${verb} it (mode ${modeText(mode)})`;
}

/** As chmod takes it: `0600`. */
export function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

function wantedMode(name: string, stats: Stats): number {
  if (stats.isDirectory()) return folderMode;
  return name.endsWith('pub.txt') ? publicMode : secretMode;
}

function foreignOwner(file: string, stats: Stats): readonly ModeFinding[] | undefined {
  const own = process.getuid?.();
  if (own === undefined || own === 0 || stats.uid === own) return undefined;
  const open = openText(stats.mode, wantedMode(basename(file), stats));
  const also = open === undefined ? '' : `, and ${open}`;
  const problem = `it belongs to user ${stats.uid}${also}: let them give it to you (chown ${own})`;
  return [{ file, problem, repair: { kind: 'none' } }];
}

function wideMode(file: string, stats: Stats): readonly ModeFinding[] {
  const wanted = wantedMode(basename(file), stats);
  const problem = openText(stats.mode, wanted);
  if (problem === undefined) return [];
  return [{ file, problem, repair: { kind: 'chmod', mode: stats.mode & wanted } }];
}
