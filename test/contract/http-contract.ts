import { afterEach, describe, expect, it } from 'vitest';
import type { HttpClient, HttpRequest } from '../../common/http-port.ts';

/** What a peer does with each request. */
export type PeerPlan =
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
    }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'garbage' };

export interface HttpWorld {
  readonly client: HttpClient;
  /** Starts a peer and returns its origin. */
  serve(plan: PeerPlan): Promise<string>;
  /** An origin where nobody listens. */
  nowhere(): Promise<string>;
  dispose(): Promise<void>;
}

const text = (body: Uint8Array): string => new TextDecoder().decode(body);
const bytes = (body: string): Uint8Array => new TextEncoder().encode(body);

/** What every HttpClient must do. */
export function httpContract(name: string, make: () => Promise<HttpWorld>): void {
  describe(`http client: ${name}`, () => {
    const worlds: HttpWorld[] = [];
    afterEach(async () => {
      for (const world of worlds.splice(0)) await world.dispose();
    });

    async function ask(plan: PeerPlan | null, options: Partial<HttpRequest> = {}) {
      const world = await make();
      worlds.push(world);
      const origin = plan === null ? await world.nowhere() : await world.serve(plan);
      return world.client.request({
        method: 'POST',
        url: `${origin}/v2/models/m/infer?x=1`,
        headers: { 'content-type': 'application/json' },
        body: bytes('{}'),
        timeoutMs: 300,
        maxBodyBytes: 1000,
        ...options,
      });
    }

    it('gives status, lower-case headers, body and a latency', async () => {
      const headers = { 'X-Thing': 'a' };
      const answer = await ask({ kind: 'reply', status: 200, headers, body: bytes('hello') });
      expect(answer).toMatchObject({ kind: 'response', status: 200 });
      if (answer.kind !== 'response') return;
      expect(text(answer.body)).toBe('hello');
      expect(answer.headers['x-thing'] ?? answer.headers['X-Thing']).toBe('a');
      expect(answer.latencyMs).toBeGreaterThanOrEqual(0);
    });

    it.each([400, 401, 429, 500, 503])('hands status %i over as a response', async (status) => {
      expect(await ask({ kind: 'reply', status })).toMatchObject({ kind: 'response', status });
    });

    it.each([301, 302, 303, 307, 308])('does not follow %i', async (status) => {
      const headers = { location: 'http://127.0.0.1:1/' };
      const answer = await ask({ kind: 'reply', status, headers });
      expect(answer).toMatchObject({ kind: 'fault', reason: 'redirect' });
    });

    it.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip'])(
      'refuses content-encoding %s',
      async (encoding) => {
        const headers = { 'content-encoding': encoding };
        const answer = await ask({ kind: 'reply', status: 200, headers, body: bytes('x') });
        expect(answer).toMatchObject({ kind: 'fault', reason: 'encoded' });
      },
    );

    it('cuts an answer off at the cap, and takes one of just that size', async () => {
      const reply = (length: number) =>
        ask({ kind: 'reply', status: 200, body: new Uint8Array(length) });
      expect(await reply(1001)).toMatchObject({ kind: 'fault', reason: 'too-large' });
      expect(await reply(1000)).toMatchObject({ kind: 'response' });
    });

    it('ends at the deadline', async () => {
      const answer = await ask({ kind: 'hang' }, { timeoutMs: 50 });
      expect(answer).toMatchObject({ kind: 'fault', reason: 'timeout' });
    });

    it('tells a reset, garbage and an empty place apart', async () => {
      expect(await ask({ kind: 'reset' })).toMatchObject({ kind: 'fault', reason: 'reset' });
      expect(await ask({ kind: 'garbage' })).toMatchObject({ reason: 'bad-protocol' });
      expect(await ask(null)).toMatchObject({ kind: 'fault', reason: 'unreachable' });
    });

    it('does not send what was cancelled before', async () => {
      const signal = AbortSignal.abort();
      const answer = await ask({ kind: 'reply', status: 200 }, { signal });
      expect(answer).toMatchObject({ kind: 'fault', reason: 'cancelled' });
    });
  });
}
