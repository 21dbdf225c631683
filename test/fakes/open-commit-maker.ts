import { revealRound } from '../../common/timelock/reveal-round.ts';
import { toHex } from '../../common/hex.ts';
import { createCommitMaker } from '../../validator/weights/commit-maker.ts';
import type { CommitMaker } from '../../validator/weights/commit-maker.ts';
import { blake2Hex, sealOpenly } from './fake-commits.ts';

/**
 * Makes timelocked commits that the fake chain can open without any cryptography; everything else
 * about them, and hash commits as a whole, is real.
 */
export function createOpenCommitMaker(random: (length: number) => Uint8Array): CommitMaker {
  return {
    hash: createCommitMaker(random).hash,
    timelocked({ snapshot, hotkey, vector, versionKey }, beacon) {
      const { netuid, epoch, block, chainTimeMs, blockTimeMs, hyperparams } = snapshot;
      const reveal = revealRound({
        schedule: epoch,
        netuid,
        head: block.number,
        chainTimeMs,
        blockTimeMs,
        periodEpochs: hyperparams.commitRevealPeriod,
        beacon,
      });
      const { uids, values } = vector;
      const payload = { hotkey, uids, values, versionKey };
      const bytes = sealOpenly(payload, reveal.round, toHex(random(8)));
      return {
        hash: blake2Hex(bytes),
        bytes: toHex(bytes),
        revealRound: reveal.round,
        version: snapshot.commitRevealVersion,
        salt: null,
        revealBlock: reveal.block,
      };
    },
  };
}
