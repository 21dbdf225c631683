import type { TokenizeStep } from '../../../common/model-manifest.ts';
import type { TokenizerOrder } from '../../../miner/models/steps/thread-messages.ts';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
const words = ['a', 'miner', 'answers', 'valid', '##ator', 'asks', '.'];
const place = (id: string, type: number) => ({ SpecialToken: { id, type_id: type } });
const text = (id: string, type: number) => ({ Sequence: { id, type_id: type } });

/** A WordPiece tokenizer of eleven tokens, in the format of tokenizer.json. */
export const smallTokenizer = JSON.stringify({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: special.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [place('[CLS]', 0), text('A', 0), place('[SEP]', 0)],
    pair: [place('[CLS]', 0), text('A', 0), place('[SEP]', 0), text('B', 1), place('[SEP]', 1)],
    special_tokens: Object.fromEntries(
      ['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [special.indexOf(id)], tokens: [id] }]),
    ),
  },
  decoder: null,
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries([...special, ...words].map((word, id) => [word, id])),
  },
});

export function tokenizeStep(changes: Partial<TokenizeStep> = {}): TokenizeStep {
  return {
    step: 'tokenize',
    input: 'text',
    tokenizer: { file: 'tokenizer.json', sha256: '0'.repeat(64) },
    maxLength: 8,
    truncation: true,
    padding: 'longest',
    padToken: '[PAD]',
    maxBytes: 1000,
    ids: 'input_ids',
    mask: 'attention_mask',
    types: 'token_type_ids',
    ...changes,
  };
}

export function smallOrder(changes: Partial<TokenizeStep> = {}): TokenizerOrder {
  return {
    tokenizer: smallTokenizer,
    config: '{}',
    step: tokenizeStep(changes),
    made: [
      { name: 'input_ids', datatype: 'INT64', what: 'ids' },
      { name: 'attention_mask', datatype: 'INT64', what: 'mask' },
      { name: 'token_type_ids', datatype: 'INT32', what: 'types' },
    ],
  };
}

export function bytesOf(...texts: readonly string[]): readonly Uint8Array[] {
  return texts.map((one) => new TextEncoder().encode(one));
}
