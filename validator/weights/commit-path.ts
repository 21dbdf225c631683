import type { Beacon, RuntimeFacts, Snapshot } from '../../common/chain-port.ts';
import { skip } from './skip.ts';
import type { Skip } from './skip.ts';
import type { CommitPath } from './vector-state.ts';

/** What the operator asks for where commit-reveal is on. */
export type CommitChoice = 'auto' | 'timelocked' | 'hash';

/** The one layout of timelocked commits that is made here. */
const knownVersion = 4;
/** The chain keeps no more unrevealed commits of one hotkey. */
export const mostPendingCommits = 10;

export interface PathFacts {
  readonly snapshot: Pick<Snapshot, 'netuid' | 'hyperparams' | 'commitRevealVersion'>;
  readonly runtime: RuntimeFacts;
  readonly beacon: Beacon | null;
}

/**
 * How weights get to this subnet today: plainly where commit-reveal is off, else as timelocked
 * commits, which the chain reveals by itself, else as hashes that this node reveals.
 */
export function choosePath(facts: PathFacts, choice: CommitChoice): CommitPath | Skip {
  const { hyperparams, netuid } = facts.snapshot;
  if (!hyperparams.commitRevealEnabled) return 'plain';
  if (hyperparams.tempo === 0) {
    return skip('no-epochs', `tempo of netuid ${netuid} is 0: no commit would ever be revealed`);
  }
  const against = againstTimelock(facts);
  if (choice !== 'hash' && against === null) return 'timelocked';
  if (choice !== 'timelocked' && facts.runtime.commits.hash) return 'hash';
  const why = choice === 'hash' ? 'this runtime takes no hash commits' : (against ?? '');
  return skip('no-commit-path', `commit-reveal is on, but ${why} (weights.commit: ${choice})`);
}

function againstTimelock({ snapshot, runtime, beacon }: PathFacts): string | null {
  const { commitRevealVersion: version } = snapshot;
  if (!runtime.commits.timelocked || version === null) {
    return 'this runtime takes no timelocked commits';
  }
  if (version !== knownVersion) {
    return `the chain asks for timelocked commits of version ${version}, known is ${knownVersion}`;
  }
  return beacon === null ? 'this chain has no beacon to open timelocked commits' : null;
}
