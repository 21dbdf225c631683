import { describe, expect, it } from 'vitest';
import { alice, bob } from '../common/wire-keys.ts';
import { digitsRoutes } from './classic-routes.ts';
import { startDigitsMiner } from './digits-miner.ts';
import { pythonSdk10, runPython, titled } from './python.ts';

/** A picture of no digit in particular, the same in every run. */
const image = Array.from({ length: 64 }, (_, at) => ((at * 37) % 17) / 16);

interface Seen {
  readonly success: boolean;
  readonly status: number | null;
  readonly message: string | null;
  readonly values: unknown;
}

async function driven(overlapping: number): Promise<Readonly<Record<string, unknown>>> {
  const miner = await startDigitsMiner({ entrances: { classic: { routes: digitsRoutes } } });
  try {
    const port = Number(miner.host.split(':')[1]);
    const job = { port, hotkey: alice.ss58, caller: '//Bob', image, overlapping };
    return (await runPython('classic_dendrite.py', job, pythonSdk10)) as Record<string, unknown>;
  } finally {
    await miner.close();
  }
}

describe.skipIf(pythonSdk10 === undefined)(
  titled('the miner with Dendrite 10.5', pythonSdk10),
  () => {
    it('is an axon to it: lists, tensors, pings, refusals, and many requests at once', async () => {
      const seen = await driven(60);
      const list = seen['list'] as Seen;
      expect(list).toMatchObject({
        success: true,
        status: 200,
        message: 'Success',
        axonStatus: 200,
        processTime: true,
      });
      const [row = []] = list.values as number[][];
      expect(row).toHaveLength(10);
      expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
      expect(seen['open']).toEqual(list);
      expect(seen['tensor']).toEqual(list);
      expect(seen['inputs']).toMatchObject({ success: true, values: "it's \u2028" });
      expect(seen['ping']).toMatchObject({ success: true, status: 200 });
      expect(seen['overlapping']).toEqual([200]);
      expect(seen['unserved']).toMatchObject({ success: false, status: 404 });
      expect(seen['wrong fields']).toMatchObject({ success: false, status: 404 });
      expect(seen['wrong length']).toMatchObject({ success: false, status: 400 });
      expect(seen['stranger']).toMatchObject({ success: false });
      expect((seen['stranger'] as Seen).message).toMatch(/not registered/);
    });

    it('believes no body that names another caller or a status, and none that was changed', async () => {
      const seen = await driven(0);
      expect(seen['spoofed']).toMatchObject({
        first: { status: 200, hotkey: bob.ss58, nonce: true, receipt: true },
        again: { status: 401 },
        changed: { status: 400 },
      });
      expect(seen['unsigned']).toMatchObject({ status: 401 });
    });
  },
);
