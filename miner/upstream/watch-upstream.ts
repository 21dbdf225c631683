import { messageOf } from '../../common/errors.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { Standing, Upstream } from './upstream.ts';

/** Looks at one upstream. `round` counts its checks from 0; `wasReady`: at the last check. */
export type CheckUpstream = (
  upstream: Upstream,
  state: { readonly round: number; readonly wasReady: boolean },
  signal: AbortSignal,
) => Promise<Standing>;

export interface WatchOptions {
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/** A server that is busy may miss one check; a second one in a row takes it out. */
const missesToLeave = 2;

/** Resolves after the first check; the others follow until the signal aborts. */
export async function watchUpstream(
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  upstream: Upstream,
  check: CheckUpstream,
  { intervalMs, signal }: WatchOptions,
): Promise<void> {
  let misses = 0;
  let round = 0;
  const look = async (): Promise<void> => {
    const wasReady = upstream.standing.kind === 'ready' && misses === 0;
    const found = await checked(check(upstream, { round, wasReady }, signal));
    if (signal.aborted) return;
    round += 1;
    misses = found.kind === 'away' ? misses + 1 : 0;
    if (found.kind === 'away' && misses < missesToLeave && upstream.standing.kind === 'ready') {
      return;
    }
    tell(log, upstream, found);
    upstream.stand(found, clock.monotonicMs());
  };
  const goOn = async (): Promise<void> => {
    while (await slept(clock, intervalMs, signal)) await look();
  };
  await look();
  void goOn();
}

async function checked(check: Promise<Standing>): Promise<Standing> {
  return check.catch((error: unknown) => ({ kind: 'away', why: messageOf(error) }));
}

/** False when the signal aborted before. */
function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => !signal.aborted,
    () => false,
  );
}

function tell(log: Logger, { name, standing }: Upstream, found: Standing): void {
  if (found.kind === standing.kind) return;
  if (found.kind === 'ready') log.info('upstream is ready', { upstream: name });
  if (found.kind === 'away') log.warn('upstream does not answer', { upstream: name });
  if (found.kind === 'wrong-model') {
    log.error('upstream serves another model and is not asked', {
      upstream: name,
      why: found.why,
    });
  }
  if ('why' in found) log.debug('upstream check', { upstream: name, why: found.why });
}
