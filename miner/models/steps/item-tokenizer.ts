import { Tokenizer } from '@huggingface/tokenizers';
import { messageOf } from '../../../common/errors.ts';
import type { TokenizeStep } from '../../../common/model-manifest.ts';
import type { Tensor } from '../../../common/tensor.ts';
import type { MadeTokens } from './plan-steps.ts';
import type { ItemTexts, Tokenized, TokenizerOrder } from './thread-messages.ts';
import {
  frameLength,
  frameRow,
  padRows,
  readFrame,
  readPairFrame,
  shareRoom,
} from './token-rows.ts';
import type { TokenFrame, TokenRow } from './token-rows.ts';

export type ItemTokenizer = (items: ItemTexts) => Tokenized;

/** Throws when the files are no tokenizer that can be used for the step. */
export function createItemTokenizer(order: TokenizerOrder): ItemTokenizer {
  const { step, made } = order;
  const tokenizer = new Tokenizer(objectOf(order.tokenizer), objectOf(order.config));
  const frame = frameOf(tokenizer, step);
  const pad = tokenizer.token_to_id(step.padToken);
  if (pad === undefined) throw new Error(`the vocabulary has no token ${step.padToken}`);
  const room = step.maxLength - frameLength(frame);
  if (room < 1) throw new Error(`maxLength ${step.maxLength} leaves no room for a text`);
  const context: Context = { tokenizer, step, frame, room };
  return ({ texts, pairs }) => {
    const rows: TokenRow[] = [];
    for (const [at, text] of texts.entries()) {
      const row = rowOf(context, text, pairs?.[at] ?? null);
      if (typeof row === 'string') return { kind: 'invalid', detail: `text ${at} ${row}` };
      rows.push(row);
    }
    return { kind: 'tensors', tensors: made.map((one) => tensorOf(one, rows, step, pad)) };
  };
}

interface Context {
  readonly tokenizer: Tokenizer;
  readonly step: TokenizeStep;
  readonly frame: TokenFrame;
  /** Tokens of an item less the special ones. */
  readonly room: number;
}

function objectOf(text: string): object {
  const json: unknown = JSON.parse(text);
  if (typeof json === 'object' && json !== null) return json;
  throw new Error('not a JSON object');
}

const probe = 'a';

function frameOf(tokenizer: Tokenizer, { pair }: TokenizeStep): TokenFrame {
  const body = bodyOf(tokenizer, probe);
  const { ids, token_type_ids: types } = tokenizer.encode(probe, {
    return_token_type_ids: true,
    ...(pair === undefined ? {} : { text_pair: probe }),
  });
  const whole = { ids, types };
  const frame = pair === undefined ? readFrame(body, whole) : readPairFrame(body, whole);
  if (frame === null) throw new Error('its special tokens do not stand around the text');
  return frame;
}

function bodyOf(tokenizer: Tokenizer, text: string): readonly number[] {
  return tokenizer.encode(text, { add_special_tokens: false }).ids;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The row, or what is wrong with the text. */
function rowOf(context: Context, text: Uint8Array, pair: Uint8Array | null): TokenRow | string {
  const { tokenizer, step, frame, room } = context;
  const first = tokensOf(tokenizer, text);
  const second = pair === null ? null : tokensOf(tokenizer, pair);
  if (typeof first === 'string') return first;
  if (typeof second === 'string') return `has a pair that ${second}`;
  const count = first.length + (second?.length ?? 0);
  if (count > room && !step.truncation) {
    return `has ${count + frameLength(frame)} tokens; at most ${step.maxLength}`;
  }
  const [one, other] = shareRoom(first.length, second?.length ?? 0, room);
  return frameRow(frame, first.slice(0, one), second?.slice(0, other) ?? null);
}

function tokensOf(tokenizer: Tokenizer, bytes: Uint8Array): readonly number[] | string {
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch {
    return 'is no UTF-8';
  }
  try {
    return bodyOf(tokenizer, text);
  } catch (error) {
    return `cannot be tokenised: ${messageOf(error).slice(0, 80)}`;
  }
}

function tensorOf(
  { name, datatype, what }: MadeTokens,
  rows: readonly TokenRow[],
  { padding, maxLength }: TokenizeStep,
  pad: number,
): Tensor {
  const longest = rows.reduce((most, { ids }) => Math.max(most, ids.length), 1);
  const length = padding === 'max-length' ? maxLength : longest;
  const values = {
    ids: () =>
      padRows(
        rows.map(({ ids }) => ids),
        length,
        pad,
      ),
    mask: () =>
      padRows(
        rows.map(({ ids }) => ids.map(() => 1)),
        length,
        0,
      ),
    types: () =>
      padRows(
        rows.map(({ types }) => types),
        length,
        0,
      ),
  }[what]();
  const data = datatype === 'INT64' ? BigInt64Array.from(values, BigInt) : values;
  return { name, datatype, shape: [rows.length, length], data };
}
