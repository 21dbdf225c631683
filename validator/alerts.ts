import type { Hotkey } from '../common/brand.ts';
import type { Snapshot } from '../common/chain-port.ts';
import type { Skip } from './precheck.ts';
import { missedEpoch } from './schedule.ts';
import type { WeightsReport } from './submit.ts';
import type { VectorRecord } from './vector-state.ts';

export const alertNames = [
  'chain-unreachable',
  'head-stale',
  'not-registered',
  'epoch-missed',
  'weights-rejected',
  'weights-differ',
  'weights-lost',
  'weights-blocked',
  'network-suspect',
] as const;
export type AlertName = (typeof alertNames)[number];

export interface Alert {
  readonly name: AlertName;
  readonly detail: string;
}

/** What an operator should be woken for, from the facts of one finished round. */
export function alertsOf(facts: {
  readonly snapshot: Snapshot;
  readonly hotkey: Hotkey;
  readonly report: WeightsReport;
  readonly blocked: Skip | null;
  readonly resolved: VectorRecord | null;
  readonly counted: boolean;
}): readonly Alert[] {
  const { snapshot, hotkey, report, blocked, resolved, counted } = facts;
  const record = report.kind === 'sent' ? report.record : resolved;
  return [
    ...registrationAlert(snapshot, hotkey),
    ...(missedEpoch(snapshot, hotkey)
      ? [
          alert(
            'epoch-missed',
            `an epoch ran without new weights before block ${snapshot.lastEpochBlock}`,
          ),
        ]
      : []),
    ...(record === null ? [] : vectorAlert(record)),
    ...blockedAlert(blocked),
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

const alertOfState: Partial<Record<VectorRecord['state'], AlertName>> = {
  rejected: 'weights-rejected',
  differs: 'weights-differ',
  lapsed: 'weights-lost',
};

function vectorAlert({ state, reason, id }: VectorRecord): readonly Alert[] {
  const name = alertOfState[state];
  return name === undefined ? [] : [alert(name, `vector ${id}: ${reason ?? state}`)];
}

/** A rate limit passes and is no reason to wake anyone; what no time will heal is. */
function blockedAlert(blocked: Skip | null): readonly Alert[] {
  if (blocked === null || blocked.clearsAtBlock !== undefined) return [];
  if (blocked.reason === 'not-registered') return [];
  return [alert('weights-blocked', `${blocked.reason}: ${blocked.detail}`)];
}
