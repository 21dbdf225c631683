import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Level } from 'level';
import { SubnetError, messageOf } from '../errors.ts';
import type { RangeQuery, Store } from '../store-port.ts';

type Database = Level<string, Uint8Array>;

export interface LevelStoreOptions {
  /** Refuse to open what does not exist yet (default: create it). */
  readonly mustExist?: boolean;
}

/**
 * State in a LevelDB directory, held by one process at a time. Batches are atomic and synced to
 * disk. Throws STORE_LOCKED, STORE_FAILED, and STORE_CORRUPT: after setting a damaged directory
 * aside, unless it must exist, which is how those open it who only look.
 */
export async function openLevelStore(dir: string, options: LevelStoreOptions = {}): Promise<Store> {
  const mustExist = options.mustExist ?? false;
  if (mustExist && !existsSync(dir)) {
    throw new SubnetError('STORE_FAILED', { dir, detail: 'the directory does not exist' });
  }
  if (hasLostItsRoot(dir)) throw await corrupt(dir, 'the file CURRENT is missing', !mustExist);
  try {
    if (!mustExist) await mkdir(dir, { recursive: true });
    const { Level } = await import('level');
    // Level opens by itself in the next tick, unless it is told how in this one.
    const db: Database = new Level(dir, { keyEncoding: 'utf8', valueEncoding: 'view' });
    await db.open({ createIfMissing: !mustExist });
    return storeOn(db, dir);
  } catch (error) {
    throw await openError(dir, error, !mustExist);
  }
}

/** The database takes a directory without this file for a new one, whatever else is in it. */
export function hasDatabase(dir: string): boolean {
  return existsSync(join(dir, 'CURRENT'));
}

function hasLostItsRoot(dir: string): boolean {
  if (!existsSync(dir) || hasDatabase(dir)) return false;
  return readdirSync(dir).some((name) => name.startsWith('MANIFEST-') || name.endsWith('.ldb'));
}

function storeOn(db: Database, dir: string): Store {
  return {
    get: (key) => guarded(dir, () => db.get(key)),
    batch: (ops) =>
      guarded(dir, () =>
        db.batch(
          ops.map((op) => ({ ...op })),
          { sync: true },
        ),
      ),
    range: (query) => entries(db, dir, query),
    close: () => guarded(dir, () => db.close()),
  };
}

async function* entries(
  db: Database,
  dir: string,
  { gte, lt, reverse = false, limit = -1 }: RangeQuery,
): AsyncGenerator<readonly [string, Uint8Array]> {
  try {
    yield* db.iterator({ gte, lt, reverse, limit });
  } catch (error) {
    throw failed(dir, error);
  }
}

async function guarded<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failed(dir, error);
  }
}

function failed(dir: string, error: unknown): SubnetError {
  const code = codesOf(error).includes('LEVEL_CORRUPTION') ? 'STORE_CORRUPT' : 'STORE_FAILED';
  return new SubnetError(code, { dir, detail: reasonOf(error) }, { cause: error });
}

async function openError(dir: string, error: unknown, setAside: boolean): Promise<SubnetError> {
  const codes = codesOf(error);
  if (codes.includes('LEVEL_LOCKED')) {
    return new SubnetError('STORE_LOCKED', { dir }, { cause: error });
  }
  if (!codes.includes('LEVEL_CORRUPTION')) return failed(dir, error);
  return corrupt(dir, reasonOf(error), setAside);
}

async function corrupt(dir: string, detail: string, setAside: boolean): Promise<SubnetError> {
  if (!setAside) return new SubnetError('STORE_CORRUPT', { dir, detail });
  const aside = `${dir}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  await rename(dir, aside);
  return new SubnetError('STORE_CORRUPT', { dir, setAside: aside, detail });
}

/** Level wraps the database's own error, with its code, as the cause of its own. */
function codesOf(error: unknown): readonly string[] {
  const codes: string[] = [];
  for (let at = error; at instanceof Error && codes.length < 4; at = at.cause) {
    codes.push('code' in at ? String(at.code) : '');
  }
  return codes;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : messageOf(cause);
}
