import { raoOf } from '../common/config/field-schemas.ts';
import type { MinerConfig } from '../common/config/miner-schema.ts';
import { checkAxonAddress } from './announce.ts';
import type { AnnounceOptions, AxonAddress } from './announce.ts';
import type { MinerParts } from './parts.ts';

export function announceOptions(
  { config, coldkey, tls }: MinerParts,
  port: number,
): AnnounceOptions {
  const { register, maxBurnTao } = config.announce;
  const axon = axonOf(config);
  const key = tls === undefined ? {} : { tlsKey: tls.tlsKey };
  const served =
    axon === null ? null : { ...axon, ...key, port: axon.port === 0 ? port : axon.port };
  if (served !== null) checkAxonAddress(served);
  return {
    netuid: config.netuid,
    register: register ? { coldkey, maxBurnRao: raoOf(maxBurnTao) } : null,
    axon: served,
  };
}

/** The address that is served on chain; port 0 stands for the one that will be found. */
export function axonOf({ announce, server }: MinerConfig): AxonAddress | null {
  if (!announce.serve) return null;
  const axon = {
    ip: server.externalIp ?? server.host,
    port: server.externalPort ?? server.port,
  };
  checkAxonAddress(axon.port === 0 ? { ...axon, port: 1 } : axon);
  return axon;
}
