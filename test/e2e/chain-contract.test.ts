import { existsSync } from 'node:fs';
import { startDevChain } from '../../chain/devchain.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { chainContract } from '../contract/chain-contract.ts';
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

chainContract('@polkadot/api on the embedded chain', () => realWorld('modern'));
if (existsSync(packagePath('chain', 'artefact', 'subnet-runtime-legacy.wasm'))) {
  chainContract('@polkadot/api on the older dialect', () => realWorld('legacy'));
}
