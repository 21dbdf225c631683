import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../common/hex.ts';
import { decodeInferRequest } from '../../common/wire/inference-protocol.ts';
import type { HeaderMap } from '../../common/wire/inference-types.ts';
import { defaultInferLimits, isProtocolError } from '../../common/wire/inference-types.ts';
import { isByteStrings, toWire } from '../../common/wire/tensor-codec.ts';
import type { Datatype, Tensor } from '../../common/tensor.ts';
import { datatypes } from '../../common/tensor.ts';
import { hasJsonForm } from './arbitrary-tensor.ts';

interface Vector {
  readonly name: string;
  readonly datatype: Datatype;
  readonly binary: boolean;
  readonly shape: readonly number[];
  readonly jsonLength: number | null;
  readonly bodyHex: string;
  readonly elementsHex: readonly string[];
}

const { requests } = JSON.parse(
  readFileSync(new URL('../vectors/inference.json', import.meta.url), 'utf8'),
) as { requests: readonly Vector[] };

function elementsHex(tensor: Tensor): string[] {
  if (isByteStrings(tensor.data)) return tensor.data.map(toHex);
  const bytes = toWire(tensor);
  const count = tensor.data.length;
  const width = bytes.length / count;
  return Array.from({ length: count }, (_, at) =>
    toHex(bytes.subarray(at * width, (at + 1) * width)),
  );
}

describe('request bodies made by tritonclient', () => {
  it('cover every datatype', () => {
    const names = requests.map(({ name }) => name);
    const wanted = [
      ...datatypes.map((datatype) => `${datatype} binary`),
      ...datatypes.filter(hasJsonForm).map((datatype) => `${datatype} json`),
    ];
    expect([...names].sort()).toEqual([...wanted].sort());
  });

  it.each(requests)('$name', (vector) => {
    const headers: HeaderMap =
      vector.jsonLength === null
        ? {}
        : { 'inference-header-content-length': String(vector.jsonLength) };
    const body = fromHex(vector.bodyHex) ?? new Uint8Array();
    const request = decodeInferRequest(body, headers, defaultInferLimits);
    if (isProtocolError(request)) throw new Error(request.error);
    const [tensor] = request.inputs;
    expect(tensor).toMatchObject({ name: 'x', datatype: vector.datatype, shape: vector.shape });
    expect(tensor && elementsHex(tensor)).toEqual(vector.elementsHex);
    expect(request.id).toBe(`${vector.datatype}-1`);
    expect(request.binaryOutput).toBe(vector.binary);
    expect(request.outputs).toEqual(vector.binary ? [] : [{ name: 'y', binary: false }]);
  });
});
