import type { Hotkey } from '../../common/brand.ts';
import type { Neuron, Snapshot } from '../../common/chain-port.ts';
import { commitFindings } from './commit-findings.ts';
import type { HeldCommit } from './commit-findings.ts';
import { pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export interface WeightsQuestion {
  readonly snapshot: Snapshot;
  readonly hotkey: Hotkey;
  /** Commits of this hotkey that the chain holds, of all mechanisms. */
  readonly pending: readonly HeldCommit[];
}

/** How weights get to this chain, and what stands in their way now; pure. */
export function weightsFindings(question: WeightsQuestion): readonly Finding[] {
  const { snapshot, hotkey } = question;
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined) return [skipped('weights', 'the hotkey is not registered')];
  return [
    modeFinding(snapshot),
    rateFinding(snapshot, own),
    ...commitFindings(question),
    activityFinding(snapshot, own),
    trustFinding(own),
  ];
}

function modeFinding({ hyperparams, commitRevealVersion, nextEpochBlock }: Snapshot): Finding {
  const epoch = nextEpochBlock === null ? 'no epochs run' : `next epoch at block ${nextEpochBlock}`;
  const mode = hyperparams.commitRevealEnabled
    ? `commit-reveal, ${commitRevealVersion === null ? 'by hash' : `timelocked (version ${commitRevealVersion})`}, revealed after ${hyperparams.commitRevealPeriod} epoch(s)`
    : 'plain weights';
  return pass('weights.mode', `${mode}; tempo ${hyperparams.tempo}, ${epoch}`);
}

function rateFinding({ block, hyperparams }: Snapshot, own: Neuron): Finding {
  const id = 'weights.rate-limit';
  const clears = own.lastUpdate === 0 ? 0 : own.lastUpdate + hyperparams.weightsRateLimit;
  // Registering counts for the limit as well.
  const isFresh = own.lastUpdate <= own.blockAtRegistration;
  const since = isFresh ? 'never set' : `last set at block ${own.lastUpdate}`;
  const detail = `${since}, one vector in ${hyperparams.weightsRateLimit} blocks`;
  return block.number + 1 >= clears
    ? pass(id, `${detail}: open now`)
    : pass(id, `${detail}: clears at block ${clears}`);
}

function activityFinding({ block, hyperparams }: Snapshot, own: Neuron): Finding {
  const id = 'weights.activity';
  const left = own.lastUpdate + hyperparams.activityCutoff - block.number;
  if (left > 0) return pass(id, `counts as active for ${left} more blocks`);
  const detail = `set no weights for ${block.number - own.lastUpdate} blocks: inactive after ${hyperparams.activityCutoff}`;
  return warn(
    id,
    detail,
    'An inactive validator has no voice and earns no dividends: set weights.',
  );
}

function trustFinding({ validatorTrust, validatorPermit, uid }: Neuron): Finding {
  const id = 'weights.vtrust';
  if (!validatorPermit) return skipped(id, `uid ${uid} has no permit, so no vtrust`);
  const detail = `vtrust ${validatorTrust.toFixed(3)} at the last epoch`;
  if (validatorTrust >= 0.5) return pass(id, detail);
  return warn(id, detail, 'Other validators weigh differently: see subnet validator status.');
}
