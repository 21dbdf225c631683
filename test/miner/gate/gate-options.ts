import type { GatekeeperOptions } from '../../../miner/gate/gatekeeper.ts';

/** A gate with room for everyone who is known. */
export const gateOptions: GatekeeperOptions = {
  notBeforeNs: 0n,
  maxBodyBytes: 1024,
  maxBufferedBytes: 1_048_576,
  admission: {
    requireValidatorPermit: true,
    minStakeRao: 0n,
    allow: new Set(),
    deny: new Set(),
  },
  ratePerSecond: 200,
  burst: 400,
  costUnit: 100,
  addressRatePerSecond: 20,
  addressBurst: 100,
  maxInFlight: 64,
  capacity: 512,
  share: 'equal',
};
