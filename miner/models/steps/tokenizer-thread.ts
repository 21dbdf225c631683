/**
 * A thread that tokenises for one model: a megabyte of text takes about a second, which the event
 * loop of a server cannot give.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../../common/errors.ts';
import { createItemTokenizer } from './item-tokenizer.ts';
import type { ItemTokenizer } from './item-tokenizer.ts';
import { unpackTexts } from './thread-messages.ts';
import type { TextsMessage, ThreadMessage, TokenizerOrder } from './thread-messages.ts';

const port = parentPort;

function send(message: ThreadMessage, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, [...transfer]);
}

function serve(tokenize: ItemTokenizer): void {
  port?.on('message', (message: TextsMessage) => {
    const tokenized = tokenize(unpackTexts(message));
    const buffers = tokenized.kind === 'tensors' ? tokenized.tensors.flatMap(bufferOf) : [];
    send({ kind: 'done', id: message.id, tokenized }, buffers);
  });
  send({ kind: 'ready' });
}

function bufferOf({ data }: { readonly data: unknown }): readonly ArrayBuffer[] {
  return ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [];
}

try {
  serve(createItemTokenizer(workerData as TokenizerOrder));
} catch (error) {
  send({ kind: 'unusable', detail: messageOf(error) });
}
