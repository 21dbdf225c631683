import { existsSync } from 'node:fs';
import { startDevChain } from '../../chain/devchain.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import type { Chain } from '../../common/chain-port.ts';
import type { Signer } from '../../common/signer-port.ts';
import { chainContract, contractNetuid } from '../contract/chain-contract.ts';
import type { ChainWorld } from '../contract/chain-contract.ts';
import { contractGenesis, silent } from './chain-world.ts';

const sr25519 = loadSr25519();

async function realWorld(dialect: 'modern' | 'legacy'): Promise<ChainWorld> {
  const signer = (suri: string) => signerFromSuri(sr25519, suri);
  const dev = await startDevChain({
    port: 0,
    blockTimeMs: 100,
    genesis: contractGenesis,
    runtime: dialect,
    log: silent,
  });
  const chain = await connectChain({
    endpoints: [dev.url],
    platform: createPlatform(),
    logger: silent,
  });
  if (dialect === 'legacy') await allowRegistrations(chain, signer('//Alice'));
  return {
    chain,
    dialect,
    signer,
    validator: signer('//Validator'),
    coldkey: signer('//Bob'),
    sudo: signer('//Alice'),
    passBlocks: async (count) => {
      for (let made = 0; made < count; made += 1) await dev.newBlock();
    },
    dispose: async () => {
      await chain.close();
      await dev.close();
    },
  };
}

/** The older runtime takes three registrations in an adjustment interval unless it is told otherwise. */
async function allowRegistrations(chain: Chain, sudo: Signer): Promise<void> {
  for (const name of [
    'sudo_set_target_registrations_per_interval',
    'sudo_set_max_registrations_per_block',
  ]) {
    const call = { call: 'admin', name, args: [contractNetuid, 1000], sudo: true } as const;
    const outcome = await chain.submit(call, sudo);
    if (outcome.kind !== 'included') throw new Error(outcome.message);
  }
}

chainContract('@polkadot/api on the embedded chain', () => realWorld('modern'));
if (existsSync(packagePath('chain', 'artefact', 'subnet-runtime-legacy.wasm'))) {
  chainContract('@polkadot/api on the older dialect', () => realWorld('legacy'));
}
