import type { Lifecycle } from '../../common/node/lifecycle.ts';
import { jsonReply, metricsReply } from '../../common/node/status-server.ts';
import { restartFloorNs } from '../../common/wire/btauth.ts';
import type { MinerParts } from '../parts.ts';
import type { MinerStatus } from '../status.ts';
import type { AdminControl } from './admin-control.ts';
import { createAdminGate } from './admin-gate.ts';
import { startAdminServer } from './admin-server.ts';

/** Null when the configuration opens no admin port. */
export async function serveAdmin(
  { config, registry, log, platform, verifier, hotkey, notBeforeNs }: MinerParts,
  control: AdminControl,
  status: () => MinerStatus,
  lifecycle: Lifecycle,
): Promise<number | null> {
  const { enabled, host, port, keys } = config.admin;
  if (!enabled) return null;
  const floorNs = notBeforeNs ?? restartFloorNs(platform.clock.nowNs());
  const gate = createAdminGate(
    { platform, verifier, control, log },
    { hotkey: hotkey.ss58, keys, notBeforeNs: floorNs },
  );
  const server = await startAdminServer({
    host,
    port,
    gate,
    pages: {
      '/status': () => jsonReply(status()),
      '/metrics': async () => metricsReply(await registry.render()),
    },
    log,
  });
  lifecycle.add('admin port', () => server.close());
  log.info('admin port', { host, port: server.port });
  return server.port;
}
