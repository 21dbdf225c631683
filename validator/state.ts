import { z } from 'zod';
import { SubnetError } from '../common/errors.ts';
import { fromHex, toHex } from '../common/hex.ts';
import type { Store, StoreOp } from '../common/store-port.ts';
import { readHead } from './evidence.ts';
import type { EvidenceHead } from './evidence.ts';
import { decodeBoard, emptyBoard, encodeBoard } from './scoreboard.ts';
import type { Board } from './scoreboard.ts';
import { parseStored } from './stored.ts';

/** A round whose questions may have gone out, and whose results are not stored. */
export interface OpenRound {
  readonly round: number;
  readonly secret: Uint8Array;
}

export interface StoredState {
  readonly board: Board;
  /** Number of the newest round that was opened; 0 before the first. */
  readonly lastRound: number;
  readonly openRound: OpenRound | null;
  readonly evidence: EvidenceHead;
}

const ownerKey = 'owner';
const boardKey = 'board';
const roundKey = 'round';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const roundSchema = z.strictObject({
  last: z.int().min(0),
  /** The secret while the round is open, null once its results are stored. */
  openSecret: z.string().nullable(),
});

/** Throws STATE_UNREADABLE, STORE_FAILED. Nothing is ever overwritten by a failed read. */
export async function readState(store: Store): Promise<StoredState> {
  const board = await store.get(boardKey);
  const { last, openSecret } = await readRound(store);
  const secret = openSecret === null ? undefined : fromHex(openSecret);
  return {
    board: board === undefined ? emptyBoard : decodeBoard(board),
    lastRound: last,
    openRound: secret === undefined ? null : { round: last, secret },
    evidence: await readHead(store),
  };
}

async function readRound(store: Store): Promise<z.infer<typeof roundSchema>> {
  const value = await store.get(roundKey);
  if (value === undefined) return { last: 0, openSecret: null };
  return parseStored('round', roundSchema, value);
}

/** Whose state it is. */
export interface StateOwner {
  readonly genesisHash: string;
  readonly netuid: number;
  readonly hotkey: string;
}

const ownerSchema = z.object({
  genesisHash: z.string(),
  netuid: z.number(),
  hotkey: z.string(),
});

/** null for a new state. Throws STATE_UNREADABLE. */
export async function readOwner(store: Store): Promise<StateOwner | null> {
  const stored = await store.get(ownerKey);
  return stored === undefined ? null : parseStored('owner', ownerSchema, stored);
}

/**
 * Writes the owner into a new state, and holds an existing one against it: scores of another
 * subnet, or the journal of another key, must never be taken for one's own. Throws STATE_FOREIGN.
 */
export async function claimState(store: Store, owner: StateOwner): Promise<void> {
  const { genesisHash, netuid, hotkey } = owner;
  const text = JSON.stringify({ version: 1, genesisHash, netuid, hotkey });
  const stored = await store.get(ownerKey);
  if (stored === undefined) {
    return store.batch([{ type: 'put', key: ownerKey, value: encoder.encode(text) }]);
  }
  const found = decoder.decode(stored);
  if (found !== text) throw new SubnetError('STATE_FOREIGN', { found, expected: text });
}

export function openRoundOps({ round, secret }: OpenRound): readonly StoreOp[] {
  return [roundOp({ last: round, openSecret: toHex(secret) })];
}

export function closeRoundOps(round: number, board: Board): readonly StoreOp[] {
  return [
    roundOp({ last: round, openSecret: null }),
    { type: 'put', key: boardKey, value: encoder.encode(encodeBoard(board)) },
  ];
}

export function abandonRoundOps(round: number): readonly StoreOp[] {
  return [roundOp({ last: round, openSecret: null })];
}

function roundOp(value: z.infer<typeof roundSchema>): StoreOp {
  return { type: 'put', key: roundKey, value: encoder.encode(JSON.stringify(value)) };
}
