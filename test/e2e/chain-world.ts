import { genesisSchema } from '../../common/config/genesis-schema.ts';
import type { GenesisConfig } from '../../common/config/genesis-schema.ts';
import { createLogger } from '../../common/node/log.ts';
import { contractNetuid, contractTempo } from '../contract/chain-contract.ts';

export const silent = createLogger({ level: 'silent' });

/** The world of the chain contract: see ChainWorld. */
export const contractGenesis: GenesisConfig = genesisSchema.parse({
  sudo: '//Alice',
  balances: [
    { account: '//Alice', tao: 1_000_000 },
    { account: '//Bob', tao: 1_000_000 },
  ],
  network: { stakeThresholdTao: 0, adminFreezeWindow: 0 },
  // No pulses: each costs the runtime two pairings, and only the tests of the beacon need them.
  beacon: 'quicknet',
  subnets: [
    {
      netuid: contractNetuid,
      owner: '//Alice',
      ownerHotkey: '//Owner',
      tempo: contractTempo,
      commitRevealEnabled: false,
      weightsRateLimit: 0,
      servingRateLimit: 0,
      burnTao: 1,
      // The older runtime permits neurons without stake too while there is room.
      maxAllowedValidators: 1,
      neurons: [{ hotkey: '//Validator', coldkey: '//Bob', stakeTao: 100 }],
    },
  ],
});
