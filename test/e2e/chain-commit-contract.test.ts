import { startDevChain } from '../../chain/devchain.ts';
import type { RuntimeChoice } from '../../chain/devchain.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { genesisSchema } from '../../common/config/genesis-schema.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import {
  chainCommitContract,
  commitNetuid,
  commitTempo,
} from '../contract/chain-commit-contract.ts';
import type { CommitWorld } from '../contract/chain-commit-contract.ts';
import { blocksOnDemand, byBlocksAlone } from './blocks-on-demand.ts';
import { rawClient } from './chain-client.ts';
import { silent } from './chain-world.ts';

const sr25519 = loadSr25519();

const genesis = genesisSchema.parse({
  sudo: '//Alice',
  balances: [{ account: '//Bob', tao: 1000 }],
  network: { stakeThresholdTao: 0, adminFreezeWindow: 0 },
  subnets: [
    {
      netuid: commitNetuid,
      owner: '//Alice',
      ownerHotkey: '//Owner',
      tempo: commitTempo,
      commitRevealEnabled: true,
      commitRevealPeriod: 1,
      weightsRateLimit: 0,
      neurons: [
        { hotkey: '//Validator', coldkey: '//Bob', stakeTao: 100 },
        { hotkey: '//Miner', coldkey: '//Bob' },
      ],
    },
  ],
});

async function realWorld(runtime: RuntimeChoice): Promise<CommitWorld> {
  const open = { port: 0, blockTimeMs: 250, ...byBlocksAlone(), genesis, runtime, log: silent };
  const dev = await startDevChain(open);
  const rpc = await rawClient(dev.url);
  const blocks = blocksOnDemand(dev, rpc);
  const platform = createPlatform();
  const chain = await connectChain({ endpoints: [dev.url], platform, logger: silent });
  return {
    chain: blocks.submitting(chain),
    validator: signerFromSuri(sr25519, '//Validator'),
    randomBytes: (length) => platform.randomBytes(length),
    passBlocks: (count) => blocks.pass(chain, count),
    dispose: async () => {
      rpc.close();
      await chain.close();
      await dev.close();
    },
  };
}

chainCommitContract('the embedded chain', () => realWorld('modern'));
chainCommitContract('the older dialect', () => realWorld('legacy'));
