import type { Hotkey } from '../common/brand.ts';
import type { Snapshot } from '../common/chain-port.ts';
import { missedEpoch } from './weights/schedule.ts';
import type { Skip } from './weights/skip.ts';
import type { MechanismReport } from './weights/tend.ts';
import type { VectorRecord } from './weights/vector-state.ts';

export const alertNames = [
  'chain-unreachable',
  'head-stale',
  'chain-went-back',
  'not-registered',
  'epoch-missed',
  'weights-rejected',
  'weights-differ',
  'weights-lost',
  'weights-missed',
  'weights-emptier',
  'weights-blocked',
  'hotkey-shared',
  'state-lost',
  'network-suspect',
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
  readonly counted: boolean;
}

/** What an operator should be woken for, from the facts of one finished round. */
export function alertsOf({ snapshot, hotkey, weights, counted }: AlertFacts): readonly Alert[] {
  return [
    ...registrationAlert(snapshot, hotkey),
    ...weights.flatMap((report) => mechanismAlerts(snapshot, hotkey, report)),
    ...(counted ? [] : [alert('network-suspect', 'no miner could be reached: is it this node?')]),
  ];
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
  { mecid, failed, blocked, lost }: MechanismReport,
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
    ...blockedAlert(blocked),
    ...lostAlert(lost),
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

/** A rate limit passes and is no reason to wake anyone; what no time will heal is. */
function blockedAlert(blocked: Skip | null): readonly Alert[] {
  if (blocked === null || blocked.clearsAtBlock !== undefined) return [];
  if (blocked.reason === 'not-registered') return [];
  const name = blocked.reason === 'much-emptier' ? 'weights-emptier' : 'weights-blocked';
  return [alert(name, `${blocked.reason}: ${blocked.detail}`)];
}

function lostAlert(lost: MechanismReport['lost']): readonly Alert[] {
  if (lost.length === 0) return [];
  const kinds = lost.map(({ kind, block }) => `${kind} of block ${block}`).join(', ');
  const detail =
    `commits from before this state directory wait on chain (${kinds}); timelocked ones ` +
    'are revealed by the chain, hashes whose salt is lost expire';
  return [alert('state-lost', detail)];
}
