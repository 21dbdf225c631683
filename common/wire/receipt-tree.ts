import { toHex, fromHex } from '../hex.ts';

/**
 * One signature for many receipts: a binary hash tree over their texts, as in RFC 6962 (leaves and
 * inner nodes are hashed under different prefixes, so that none can pass for the other). A node
 * without a neighbour moves up unchanged.
 */
export interface ReceiptTree {
  readonly root: Uint8Array;
  /** One for each leaf, in order. */
  readonly paths: readonly ReceiptPath[];
}

/** From a leaf to the root: each step is `L` or `R`, where the neighbour stands, and its hash. */
export type ReceiptPath = readonly string[];

/** Deep enough for 65,536 receipts under one signature. */
const maxSteps = 16;
const leafPrefix = 0;
const nodePrefix = 1;
const encoder = new TextEncoder();

export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Throws RangeError for no text, or more than a path may tell. */
export function growReceiptTree(texts: readonly Uint8Array[], sha256: Sha256): ReceiptTree {
  if (texts.length === 0 || texts.length > 2 ** maxSteps) {
    throw new RangeError(`a tree holds 1 to ${2 ** maxSteps} receipts`);
  }
  const paths: string[][] = texts.map(() => []);
  let level = texts.map((text, at) => ({ hash: leafHash(text, sha256), leaves: [at] }));
  while (level.length > 1) {
    const next: typeof level = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at], level[at + 1]];
      if (left === undefined) break;
      next.push(right === undefined ? left : joined(left, right, paths, sha256));
    }
    level = next;
  }
  return { root: level[0]?.hash ?? new Uint8Array(), paths };
}

interface Branch {
  readonly hash: Uint8Array;
  /** Indices of the texts below it. */
  readonly leaves: readonly number[];
}

function joined(
  left: Branch,
  right: Branch,
  paths: readonly string[][],
  sha256: Sha256,
): Branch & { leaves: number[] } {
  const [leftStep, rightStep] = [`L${toHex(left.hash)}`, `R${toHex(right.hash)}`];
  for (const leaf of left.leaves) paths[leaf]?.push(rightStep);
  for (const leaf of right.leaves) paths[leaf]?.push(leftStep);
  return {
    hash: nodeHash(left.hash, right.hash, sha256),
    leaves: [...left.leaves, ...right.leaves],
  };
}

/** The root that a text and its path lead to. */
export function rootOf(text: Uint8Array, path: ReceiptPath, sha256: Sha256): Uint8Array {
  let hash = leafHash(text, sha256);
  for (const step of path) {
    const neighbour = fromHex(step.slice(1)) ?? new Uint8Array();
    hash = step.startsWith('L')
      ? nodeHash(neighbour, hash, sha256)
      : nodeHash(hash, neighbour, sha256);
  }
  return hash;
}

/** What is signed for a tree: `subnet-receipts/1`, LF, the root in hex. */
export function rootText(root: Uint8Array): Uint8Array {
  return encoder.encode(`subnet-receipts/1\n${toHex(root)}`);
}

/** The steps from a header, one space between two; null when it is anything else. */
export function parseReceiptPath(text: string): ReceiptPath | null {
  const steps = text.split(' ');
  return steps.length <= maxSteps && steps.every((step) => stepShape.test(step)) ? steps : null;
}

const stepShape = /^[LR][0-9a-f]{64}$/;

function leafHash(text: Uint8Array, sha256: Sha256): Uint8Array {
  const bytes = new Uint8Array(1 + text.length);
  bytes[0] = leafPrefix;
  bytes.set(text, 1);
  return sha256(bytes);
}

function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length);
  bytes[0] = nodePrefix;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return sha256(bytes);
}
