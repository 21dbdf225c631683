import { describe, expect, it } from 'vitest';
import { connectPatiently } from '../../common/connect-patiently.ts';
import { SubnetError } from '../../common/errors.ts';
import type { LogFields, Logger } from '../../common/telemetry-port.ts';
import { createSimPlatform } from '../sim/sim-platform.ts';

const unreachable = (): never => {
  throw new SubnetError('CHAIN_UNREACHABLE', { detail: 'ws://127.0.0.1:9: no connection' });
};

/** Time passes by sleeping; what was logged, and how often a connection was tried. */
function setup(patienceMs: number, signal = new AbortController().signal) {
  const { clock } = createSimPlatform('patience');
  const lines: LogFields[] = [];
  const note = (_: string, fields: LogFields = {}): void => void lines.push(fields);
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
  const state = { tries: 0 };
  const run = (connect: (attempt: number) => string): Promise<string> =>
    connectPatiently(async () => connect((state.tries += 1)), { clock, log, signal, patienceMs });
  return { clock, lines, state, run };
}

describe('connectPatiently', () => {
  it('tries again while nothing answers, and says so each time', async () => {
    const { run, lines, state } = setup(60_000);
    expect(await run((attempt) => (attempt < 4 ? unreachable() : 'connected'))).toBe('connected');
    expect(state.tries).toBe(4);
    expect(lines.map(({ nextTryMs }) => nextTryMs)).toEqual([1000, 2000, 4000]);
    expect(lines[0]?.['detail']).toMatch(/no connection/);
  });

  it('gives up when its time is over, with what the last try threw', async () => {
    const { run, clock, state } = setup(300_000);
    await expect(run(unreachable)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    expect(clock.monotonicMs()).toBe(300_000);
    expect(state.tries).toBeGreaterThan(10);
    const once = setup(0);
    await expect(once.run(unreachable)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    expect(once.state.tries).toBe(1);
  });

  it('does not wait for what time does not heal', async () => {
    const { run, state } = setup(60_000);
    const foreign = (): never => {
      throw new SubnetError('CHAIN_FOREIGN', { detail: 'another genesis' });
    };
    await expect(run(foreign)).rejects.toMatchObject({ code: 'CHAIN_FOREIGN' });
    expect(state.tries).toBe(1);
  });

  it('ends as a closed connection does when it is told to stop', async () => {
    const stop = new AbortController();
    const { run, state } = setup(60_000, stop.signal);
    const connect = (attempt: number): never => {
      if (attempt === 2) queueMicrotask(() => stop.abort(new Error('enough')));
      return unreachable();
    };
    await expect(run(connect)).rejects.toMatchObject({ code: 'CHAIN_CLOSED' });
    expect(state.tries).toBe(2);
  });
});
