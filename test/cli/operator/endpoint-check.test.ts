import { describe, expect, it } from 'vitest';
import { checkEndpoints } from '../../../cli/operator/endpoint-check.ts';
import type { EndpointState } from '../../../common/chain-port.ts';

function endpoint(url: string, state: EndpointState['state'], problem: string | null) {
  return { url, state, problem, score: 1, latencyMs: null, headBlock: null, failures: 0 };
}

const used = endpoint('ws://a', 'in-use', null);
const foreign = endpoint('ws://b', 'wrong-chain', 'it serves another chain (genesis 0xbb)');
const silent = endpoint('ws://c', 'failed', 'no connection');

function check(purpose: 'read' | 'sign', ...states: readonly EndpointState[]) {
  const warnings: string[] = [];
  const io = { err: (text: string) => void warnings.push(text) };
  checkEndpoints(io, { genesisHash: '0xaa', endpoints: () => states }, purpose);
  return warnings;
}

describe('the endpoints that are not in use', () => {
  it('say nothing when they are of the same chain', () => {
    expect(check('sign', used, endpoint('ws://d', 'ready', null))).toEqual([]);
    expect(check('sign', used)).toEqual([]);
  });

  it('stop a signature when one is of another chain, and name both', () => {
    expect(() => check('sign', used, foreign)).toThrow(/ws:\/\/b.*0xbb.*0xaa/);
  });

  it('warn a reader', () => {
    expect(check('read', used, foreign)).toEqual([expect.stringMatching(/^warning: .*0xbb/)]);
  });

  it('are named where nothing is known of them', () => {
    const unknown = [expect.stringMatching(/^warning: .*not known: ws:\/\/c: no connection/)];
    expect(check('sign', used, silent)).toEqual(unknown);
    expect(check('read', used, silent)).toEqual(unknown);
  });
});
