import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { SubnetError, messageOf } from '../common/errors.ts';
import { elementCount } from '../common/tensor.ts';

/** Labelled items of one shape; value / fullScale is what a model is given. */
export interface Dataset {
  readonly name: string;
  readonly origin: string;
  readonly licence: string;
  /** Of the file's bytes; hex. */
  readonly sha256: string;
  readonly fullScale: number;
  readonly itemShape: readonly number[];
  readonly classes: readonly string[];
  /** Class number of each item. */
  readonly labels: readonly number[];
  /** Item after item, row-major, one byte a value. */
  readonly items: Uint8Array;
}

const maxItems = 1_000_000;

const documentSchema = z.strictObject({
  format: z.literal('labelled-tensors/1'),
  name: z.string().min(1),
  origin: z.string().min(1),
  licence: z.string().min(1),
  datatype: z.literal('UINT8'),
  shape: z.array(z.int().min(1).max(maxItems)).min(2).max(8),
  fullScale: z.int().min(1).max(255),
  classes: z.array(z.string().min(1)).min(2).max(65_535),
  labels: z.array(z.int().min(0)).min(1).max(maxItems),
  items: z.base64(),
});

type Document = z.infer<typeof documentSchema>;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64Values(): Uint8Array {
  const values = new Uint8Array(128);
  for (let i = 0; i < alphabet.length; i += 1) values[alphabet.charCodeAt(i)] = i;
  return values;
}

/** Of text that the schema found to be base64 with padding. */
function decodeBase64(text: string): Uint8Array {
  const values = base64Values();
  const end = text.indexOf('=') < 0 ? text.length : text.indexOf('=');
  const out = new Uint8Array(Math.floor((end * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (let i = 0; i < end; i += 1) {
    bits = ((bits << 6) | (values[text.charCodeAt(i)] ?? 0)) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[at] = (bits >>> held) & 0xff;
      at += 1;
    }
  }
  return out;
}

function invalid(path: string, detail: string): SubnetError {
  return new SubnetError('DATASET_INVALID', { detail, path });
}

function parseDocument(bytes: Uint8Array, path: string): Document {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(path, `not JSON (${messageOf(error).slice(0, 80)})`);
  }
  const parsed = documentSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw invalid(path, lines.slice(0, 8).join('; '));
}

function problemsOf(doc: Document, items: Uint8Array): readonly string[] {
  const wanted = elementCount(doc.shape);
  const stray = doc.labels.findIndex((label) => label >= doc.classes.length);
  const bright = items.findIndex((value) => value > doc.fullScale);
  return [
    doc.labels.length === doc.shape[0]
      ? []
      : [`labels: ${doc.labels.length} of them for ${doc.shape[0]} items`],
    items.length === wanted ? [] : [`items: ${items.length} bytes, the shape asks for ${wanted}`],
    stray < 0 ? [] : [`labels.${stray}: ${doc.labels[stray]} is past the last class`],
    bright < 0 ? [] : [`items: value ${items[bright]} at ${bright} is above fullScale`],
  ].flat();
}

function checkHash(bytes: Uint8Array, expected: string, path: string): string {
  const found = bytesToHex(sha256(bytes));
  if (found === expected.toLowerCase()) return found;
  throw new SubnetError('DATASET_HASH', { path, expected, found });
}

/**
 * Reads a data set in the format `labelled-tensors/1` (examples/digits/README.md).
 * Throws DATASET_HASH when the bytes are not the named ones, DATASET_INVALID when they are no
 * sound data set. `path` is for the messages only.
 */
export function parseDataset(
  bytes: Uint8Array,
  expected: { readonly sha256: string; readonly path: string },
): Dataset {
  const hash = checkHash(bytes, expected.sha256, expected.path);
  const doc = parseDocument(bytes, expected.path);
  const items = decodeBase64(doc.items);
  const problems = problemsOf(doc, items);
  if (problems.length > 0) throw invalid(expected.path, problems.join('; '));
  const { name, origin, licence, fullScale, classes, labels } = doc;
  const itemShape = doc.shape.slice(1);
  return { name, origin, licence, sha256: hash, fullScale, itemShape, classes, labels, items };
}

/** The item numbers of each class, rising. */
export function itemsByClass({ classes, labels }: Dataset): readonly (readonly number[])[] {
  const pools: number[][] = classes.map(() => []);
  for (const [item, label] of labels.entries()) pools[label]?.push(item);
  return pools;
}
