import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import { genesisSchema } from '../../common/config/genesis-schema.ts';
import type { GenesisConfig } from '../../common/config/genesis-schema.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createWallet, walletLocation } from '../../common/keys/wallet.ts';
import type { CreatedWallet } from '../../common/keys/wallet.ts';
import { createLogger } from '../../common/node/log.ts';

export const netuid = 2;
export const weightsRateLimit = 40;

/**
 * One running subnet of //Alice's, one validator of //Bob's with 5,000 TAO, money for //Charlie;
 * `subnet` is laid over the subnet's genesis. No pulses of a beacon unless a test brings them.
 */
export function peerGenesis(subnet: Readonly<Record<string, unknown>> = {}): GenesisConfig {
  return genesisSchema.parse({
    sudo: '//Alice',
    balances: ['//Alice', '//Bob', '//Charlie'].map((account) => ({ account, tao: 1_000_000 })),
    beacon: 'quicknet',
    network: { adminFreezeWindow: 0, stakeThresholdTao: 0 },
    subnets: [
      {
        netuid,
        owner: '//Alice',
        ownerHotkey: '//Alice_hk',
        tempo: 20,
        commitRevealEnabled: false,
        weightsRateLimit,
        servingRateLimit: 50,
        burnTao: 0.1,
        neurons: [{ hotkey: '//Bob_hk', coldkey: '//Bob', stakeTao: 5000 }],
        ...subnet,
      },
    ],
  });
}

/** An embedded chain for one client's tests, a block each 250 ms. */
export function startPeerChain(genesis = peerGenesis()): Promise<DevChain> {
  const log = createLogger({ level: 'silent' });
  return startDevChain({ port: 0, blockTimeMs: 250, genesis, log });
}

/** A wallet of random keys as `subnet wallet create --unencrypted-coldkey` makes it. */
export function newWallet(folder: string, name: string): CreatedWallet {
  const location = walletLocation({ path: folder, name });
  return createWallet(loadSr25519(), location, { coldkey: 'unencrypted' });
}

/** What a peer's script did, by the name of the step. */
export type Steps = Readonly<Record<string, unknown>>;
