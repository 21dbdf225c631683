import type { Hotkey } from '../common/brand.ts';
import type { Snapshot } from '../common/chain-port.ts';
import type { ErrorCode } from '../common/errors.ts';
import type { UnjudgedTask, VoidRound } from './outcome.ts';
import { longWait, missedEpoch } from './weights/schedule.ts';
import type { Skip } from './weights/skip.ts';
import type { MechanismReport } from './weights/tend.ts';
import type { VectorRecord } from './weights/vector-state.ts';

export const alertNames = [
  'chain-unreachable',
  'no-subnet',
  'chain-unsupported',
  'chain-error',
  'head-stale',
  'chain-went-back',
  'not-registered',
  'epoch-missed',
  'weights-rejected',
  'weights-differ',
  'weights-lost',
  'weights-missed',
  'weights-emptier',
  'none-earn',
  'weights-blocked',
  'hotkey-shared',
  'state-lost',
  'network-suspect',
  'not-admitted',
  'no-answers',
  'task-broken',
] as const;
export type AlertName = (typeof alertNames)[number];

export interface Alert {
  readonly name: AlertName;
  readonly detail: string;
}

export interface AlertFacts {
  readonly snapshot: Snapshot;
  readonly hotkey: Hotkey;
  readonly weights: readonly MechanismReport[];
  /** Why the newest round moved no score; null when it did. */
  readonly voided: VoidRound | null;
  /** Rounds in a row in which not one miner gave a good answer. */
  readonly silentRounds: number;
  /** What the newest round could not judge. */
  readonly unjudged: readonly UnjudgedTask[];
}

/** What an operator should be woken for when the chain broke a round off. */
export function chainAlert(code: ErrorCode, detail: string): Alert {
  return alert(alertOfCode[code] ?? 'chain-error', detail);
}

const alertOfCode: Partial<Record<ErrorCode, AlertName>> = {
  CHAIN_UNREACHABLE: 'chain-unreachable',
  CHAIN_TIMEOUT: 'chain-unreachable',
  CHAIN_NO_SUBNET: 'no-subnet',
  CHAIN_UNSUPPORTED: 'chain-unsupported',
};

/** What an operator should be woken for, from the facts of one finished round. */
export function alertsOf(facts: AlertFacts): readonly Alert[] {
  const { snapshot, hotkey, weights, voided, silentRounds, unjudged } = facts;
  return [
    ...registrationAlert(snapshot, hotkey),
    ...weights.flatMap((report) => mechanismAlerts(snapshot, hotkey, report)),
    ...(voided === null ? [] : [alert(alertOfVoid[voided.reason], voided.detail)]),
    ...silentAlert(silentRounds),
    ...unjudged.map(brokenAlert),
    ...weights.flatMap(noneEarnAlert),
  ];
}

const alertOfVoid: Readonly<Record<VoidRound['reason'], AlertName>> = {
  network: 'network-suspect',
  refused: 'not-admitted',
};
/** A round or two without an answer happen when a subnet's miners are updated together. */
const bearableSilence = 2;

function silentAlert(rounds: number): readonly Alert[] {
  if (rounds <= bearableSilence) return [];
  return [alert('no-answers', `no miner gave a good answer in the last ${rounds} rounds`)];
}

/** Nobody but the owner of the task can mend it, and its miners earn by old scores meanwhile. */
function brokenAlert({ task, uids, detail }: UnjudgedTask): Alert {
  const whose =
    uids.length === 1 ? `uid ${uids[0]}` : `${uids.length} miners (uids ${uids.join(', ')})`;
  return alert('task-broken', `task ${task} gave no score to ${whose}: ${detail}`);
}

/** Nobody earned before the first vector either: that is how a subnet begins. */
function noneEarnAlert({ mecid, report, newest }: MechanismReport): readonly Alert[] {
  if (newest === null || report.kind !== 'skipped' || report.reason !== 'none-earn') return [];
  const detail = `mechanism ${mecid}: ${report.detail}; no vector follows vector ${newest.id}`;
  return [alert('none-earn', detail)];
}

function alert(name: AlertName, detail: string): Alert {
  return { name, detail };
}

function registrationAlert(snapshot: Snapshot, hotkey: Hotkey): readonly Alert[] {
  if (snapshot.neurons.some((neuron) => neuron.hotkey === hotkey)) return [];
  return [alert('not-registered', `hotkey ${hotkey} is not registered on ${snapshot.netuid}`)];
}

/** Details name the mechanism where there are several. */
function mechanismAlerts(
  snapshot: Snapshot,
  hotkey: Hotkey,
  { mecid, failed, blocked, lost, lostUntilBlock }: MechanismReport,
): readonly Alert[] {
  const found = [
    ...(missedEpoch(snapshot, hotkey, mecid)
      ? [
          alert(
            'epoch-missed',
            `an epoch ran without new weights before block ${snapshot.lastEpochBlock}`,
          ),
        ]
      : []),
    ...(failed === null ? [] : vectorAlert(failed)),
    ...blockedAlert(snapshot, blocked),
    ...lostAlert(lost, lostUntilBlock),
  ];
  if (snapshot.mechanisms.length < 2) return found;
  return found.map(({ name, detail }) => alert(name, `mechanism ${mecid}: ${detail}`));
}

const alertOfState: Partial<Record<VectorRecord['state'], AlertName>> = {
  rejected: 'weights-rejected',
  differs: 'weights-differ',
  lapsed: 'weights-lost',
  missed: 'weights-missed',
};

function vectorAlert({ state, reason, id }: VectorRecord): readonly Alert[] {
  const name = alertOfState[state];
  return name === undefined ? [] : [alert(name, `vector ${id}: ${reason ?? state}`)];
}

/** What passes within two epochs is no reason to wake anyone; what lasts, or nothing heals, is. */
function blockedAlert({ block, hyperparams }: Snapshot, blocked: Skip | null): readonly Alert[] {
  if (blocked === null) return [];
  const clearsAt = blocked.clearsAtBlock ?? Infinity;
  if (clearsAt - block.number <= longWait(hyperparams.tempo)) return [];
  if (blocked.reason === 'not-registered') return [];
  const name = blocked.reason === 'much-emptier' ? 'weights-emptier' : 'weights-blocked';
  return [alert(name, `${blocked.reason}: ${blocked.detail}`)];
}

function lostAlert(
  lost: MechanismReport['lost'],
  until: MechanismReport['lostUntilBlock'],
): readonly Alert[] {
  if (lost.length === 0) return [];
  const kinds = lost.map(({ kind, block }) => `${kind} of block ${block}`).join(', ');
  const detail =
    `commits from before this state directory wait on chain (${kinds}); timelocked ones ` +
    'are revealed by the chain, hashes whose salt is lost expire' +
    (until === null ? '' : `; it clears at block ${until}`);
  return [alert('state-lost', detail)];
}
