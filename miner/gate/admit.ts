import type { Hotkey } from '../../common/brand.ts';
import type { Snapshot } from '../../common/chain-port.ts';
import { raoPerTao } from '../../common/rao.ts';

/** Who may call, beyond a good signature. */
export interface AdmitPolicy {
  readonly requireValidatorPermit: boolean;
  /** Total stake of the caller on the subnet. */
  readonly minStakeRao: bigint;
  /** Admitted without further checks, registered or not. */
  readonly allow: ReadonlySet<string>;
  readonly deny: ReadonlySet<string>;
}

/** What the metagraph says of one caller. */
export interface Caller {
  readonly uid: number;
  readonly validatorPermit: boolean;
  readonly stakeRao: bigint;
}

export type CallerDirectory = ReadonlyMap<string, Caller>;

export type AdmitReason =
  'denied' | 'not_registered' | 'no_validator_permit' | 'stake_too_low' | 'no_metagraph';

export type Admission =
  | { readonly kind: 'admitted' }
  | {
      readonly kind: 'refused';
      readonly status: 403 | 503;
      readonly reason: AdmitReason;
      readonly detail: string;
    };

export function directoryOf(snapshot: Snapshot): CallerDirectory {
  return new Map(
    snapshot.neurons.map((neuron) => [
      neuron.hotkey as string,
      {
        uid: neuron.uid,
        validatorPermit: neuron.validatorPermit,
        stakeRao: neuron.totalStakeRao,
      },
    ]),
  );
}

/** Decides on a caller whose signature was good. `directory` is null until the chain was read. */
export function admit(
  policy: AdmitPolicy,
  directory: CallerDirectory | null,
  hotkey: Hotkey,
): Admission {
  if (policy.deny.has(hotkey)) return refused('denied', 'this hotkey is on the deny list');
  if (policy.allow.has(hotkey)) return { kind: 'admitted' };
  if (directory === null) return refused('no_metagraph', 'the metagraph was not read yet');
  const caller = directory.get(hotkey);
  if (caller === undefined) {
    return refused('not_registered', 'this hotkey is not registered on the subnet');
  }
  if (policy.requireValidatorPermit && !caller.validatorPermit) {
    return refused('no_validator_permit', `uid ${caller.uid} has no validator permit`);
  }
  if (caller.stakeRao < policy.minStakeRao)
    return refused('stake_too_low', stakeText(policy, caller));
  return { kind: 'admitted' };
}

function refused(reason: AdmitReason, detail: string): Admission {
  return { kind: 'refused', status: reason === 'no_metagraph' ? 503 : 403, reason, detail };
}

function stakeText({ minStakeRao }: AdmitPolicy, { uid, stakeRao }: Caller): string {
  return `uid ${uid} has a stake of ${taoText(stakeRao)}, needed ${taoText(minStakeRao)}`;
}

function taoText(rao: bigint): string {
  const decimals = (rao % raoPerTao).toString().padStart(9, '0').replace(/0+$/, '');
  return `${rao / raoPerTao}${decimals === '' ? '' : `.${decimals}`} TAO`;
}
