import type { BenchRow } from '../row.ts';
import { build } from './built.ts';
import { missingRow } from './goal-rows.ts';
import { startLoad } from './load.ts';
import type { Load } from './load.ts';
import { hasModels } from './servers.ts';
import type { Server } from './servers.ts';

/** What a suite starts is ended with it, whatever happens. */
export interface Bench {
  readonly load: Load;
  /** Keeps a server that was started; hands it back. */
  keep<S extends Server>(server: S): S;
}

export async function withServers(
  suite: string,
  run: (bench: Bench) => Promise<readonly BenchRow[]>,
): Promise<readonly BenchRow[]> {
  if (!hasModels()) return [missingRow(suite, 'no models: bench/peers/setup.sh')];
  await build();
  const load = startLoad();
  const kept: Server[] = [];
  const keep = <S extends Server>(server: S): S => {
    kept.push(server);
    return server;
  };
  try {
    return await run({ load, keep });
  } finally {
    await Promise.all([load.close(), ...kept.map((server) => server.close())]);
  }
}
