import { devBeacon, signRound } from '../../chain/beacon.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { encodeSs58 } from '../../common/keys/ss58.ts';
import { decodePayload } from '../../common/timelock/commit-payload.ts';
import { decrypt } from '../../common/timelock/timelock.ts';
import { seededBytes } from './seeded-bytes.ts';
import {
  chainCommitContract,
  commitNetuid,
  commitTempo,
} from '../contract/chain-commit-contract.ts';
import type { CommitWorld } from '../contract/chain-commit-contract.ts';
import { createFakeChain } from '../fakes/fake-chain.ts';
import type { FakeChainOptions } from '../fakes/fake-chain.ts';
import type { OpenCommit } from '../fakes/fake-commits.ts';

const sr25519 = loadSr25519();

/** As the chain does it: with the beacon's real signature. */
const openReally: OpenCommit = (bytes, round) => {
  try {
    const payload = decodePayload(decrypt(signRound(round), bytes));
    if (payload?.hotkey == null) return null;
    return { ...payload, hotkey: encodeSs58(payload.hotkey) };
  } catch {
    return null;
  }
};

async function fakeWorld(options: FakeChainOptions): Promise<CommitWorld> {
  const [owner, validator, miner] = ['//Owner', '//Validator', '//Miner'].map((suri) =>
    signerFromSuri(sr25519, suri),
  );
  if (!owner || !validator || !miner) throw new Error('three keys were made');
  const beacon = { ...devBeacon, chainHash: '' };
  const chain = createFakeChain({ beacon, openCommit: openReally, ...options });
  chain.addSubnet(commitNetuid, {
    hyperparams: { tempo: commitTempo, commitRevealEnabled: true },
    ownerHotkey: owner.ss58,
  });
  chain.addNeuron(commitNetuid, { hotkey: owner.ss58 });
  chain.addNeuron(commitNetuid, { hotkey: validator.ss58, totalStakeRao: 100_000_000_000n });
  chain.addNeuron(commitNetuid, { hotkey: miner.ss58 });
  return {
    chain,
    validator,
    randomBytes: (length) => seededBytes('commit contract', length),
    passBlocks: async (count) => void chain.advance(count),
    dispose: () => chain.close(),
  };
}

chainCommitContract('fake', () => fakeWorld({}));
chainCommitContract('fake, older dialect', () =>
  fakeWorld({
    beacon: null,
    runtime: {
      epochs: 'modulo',
      mechanisms: false,
      commits: { hash: true, timelocked: false },
    },
  }),
);
