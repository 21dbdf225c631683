import { readFileSync } from 'node:fs';

/** What the Python SDK 10.5 made; see `origin` in the file. */
export interface ClassicVectors {
  readonly texts: readonly { readonly json: string; readonly str: string }[];
  readonly sha3: readonly { readonly text: string; readonly sha3: string }[];
  readonly tensors: readonly {
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly numpyShape: readonly number[];
    readonly buffer: string;
    readonly dataHex: string;
  }[];
  readonly wrapped: {
    readonly message: string;
    readonly signature: string;
    readonly sdk: boolean;
  };
  readonly hotkey: string;
  readonly axon: string;
  readonly requests: readonly {
    readonly name: string;
    readonly synapse: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly bodyHash: string;
  }[];
}

export const classicVectors = JSON.parse(
  readFileSync(new URL('../../vectors/classic.json', import.meta.url), 'utf8'),
) as ClassicVectors;
