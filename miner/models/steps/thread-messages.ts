import type { TokenizeStep } from '../../../common/model-manifest.ts';
import type { Tensor } from '../../../common/tensor.ts';
import type { MadeTokens } from './plan-steps.ts';

/** All that a thread needs to tokenise for one model. */
export interface TokenizerOrder {
  /** Text of tokenizer.json. */
  readonly tokenizer: string;
  /** Text of tokenizer_config.json, or `{}`. */
  readonly config: string;
  readonly step: TokenizeStep;
  readonly made: readonly MadeTokens[];
}

/** Texts of one request; `pairs` is as long, or null. */
export interface ItemTexts {
  readonly texts: readonly Uint8Array[];
  readonly pairs: readonly Uint8Array[] | null;
}

/** Tensors, or what is wrong with a text. */
export type Tokenized =
  | { readonly kind: 'tensors'; readonly tensors: readonly Tensor[] }
  | { readonly kind: 'invalid'; readonly detail: string };

/** What the miner and its tokenizing threads say to each other. */
export interface TextsMessage {
  readonly id: number;
  readonly count: number;
  /** All texts, then all pairs if there are some, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
}

export type ThreadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly detail: string }
  | { readonly kind: 'done'; readonly id: number; readonly tokenized: Tokenized };

/**
 * The texts stand in a buffer of their own, which is handed over: what they were cut from holds a
 * whole request, and would be copied with them.
 */
export function packTexts(id: number, { texts, pairs }: ItemTexts): TextsMessage {
  const all = pairs === null ? texts : [...texts, ...pairs];
  const lengths = Uint32Array.from(all, ({ length }) => length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const text of all) {
    bytes.set(text, at);
    at += text.length;
  }
  return { id, count: texts.length, bytes, lengths };
}

export function unpackTexts({ count, bytes, lengths }: TextsMessage): ItemTexts {
  let at = 0;
  const all = Array.from(lengths, (length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
  return { texts: all.slice(0, count), pairs: all.length > count ? all.slice(count) : null };
}
