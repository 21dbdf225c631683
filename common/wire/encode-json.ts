import type { EncodedMessage } from './inference-types.ts';

const encoder = new TextEncoder();

export function encodeJson(value: object): EncodedMessage {
  return {
    headers: { 'content-type': 'application/json' },
    body: encoder.encode(JSON.stringify(value)),
  };
}
