import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { chainContract, contractNetuid, contractTempo } from '../contract/chain-contract.ts';
import type { ChainWorld } from '../contract/chain-contract.ts';
import { createFakeChain } from '../fakes/fake-chain.ts';

const sr25519 = loadSr25519();
const tao = 1_000_000_000n;

async function fakeWorld(): Promise<ChainWorld> {
  const signer = (suri: string) => signerFromSuri(sr25519, suri);
  const [owner, validator, coldkey] = ['//Owner', '//Validator', '//Bob'].map(signer);
  if (!owner || !validator || !coldkey) throw new Error('three keys were made');
  const chain = createFakeChain();
  chain.fund(coldkey.ss58, 1_000_000n * tao);
  chain.addSubnet(contractNetuid, {
    hyperparams: { tempo: contractTempo },
    ownerHotkey: owner.ss58,
  });
  chain.addNeuron(contractNetuid, { hotkey: owner.ss58 });
  chain.addNeuron(contractNetuid, {
    hotkey: validator.ss58,
    coldkey: coldkey.ss58,
    totalStakeRao: 100n * tao,
  });
  return {
    chain,
    signer,
    validator,
    coldkey,
    sudo: signer('//Alice'),
    passBlocks: async (count) => void chain.advance(count),
    dispose: () => chain.close(),
  };
}

chainContract('fake', fakeWorld);
