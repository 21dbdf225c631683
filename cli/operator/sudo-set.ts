import { callFor, readHyperparameter } from '../../common/owner/set-hyperparameter.ts';
import type { Change } from '../../common/owner/set-hyperparameter.ts';
import { parseValue, sameValue, showValue } from '../../common/owner/hyperparameter-value.ts';
import type { RawValue } from '../../common/owner/hyperparameter-value.ts';
import type { Hyperparameter } from '../../common/owner/hyperparameters.ts';
import { gatesOf, settersOf } from '../../common/owner/owner-gates.ts';
import { valueGate } from '../../common/owner/value-rules.ts';
import type { Gate, SetterCall } from '../../common/owner/owner-gates.ts';
import type { Coldkey } from '../../common/brand.ts';
import { SubnetError } from '../../common/errors.ts';
import type { ErrorCode } from '../../common/errors.ts';
import type { Refusal } from '../../common/operator/refusal.ts';
import { requireSubnet } from '../../common/operator/subnet-list.ts';
import type { CliIo } from '../io.ts';
import { coldkeyOf, operationDeps, requireNetuid, usage } from './command-parts.ts';
import type { SigningFlags } from './command-parts.ts';
import { namedParameter } from './hyperparameter-list.ts';
import { hyperparameterFact, hyperparameterJson } from './hyperparameter-fact.ts';
import { carryOut } from './operation.ts';
import type { Operation } from './operation.ts';
import { withChain } from './session.ts';
import type { OperatorDeps } from './session.ts';

export interface SudoSetFlags extends SigningFlags {
  readonly param?: string;
  readonly value?: string;
  /** Sign with the root key of a development chain, by Sudo.sudo. */
  readonly sudo?: boolean;
}

/** `subnet sudo set`: one hyperparameter, read back afterwards. */
export function setByOwner(io: CliIo, deps: OperatorDeps, flags: SudoSetFlags): Promise<void> {
  const netuid = requireNetuid(flags);
  const { param, value: written } = flags;
  if (param === undefined || written === undefined) throw usage('give both --param and --value');
  const parameter = namedParameter(param);
  const value = parseValue(parameter, written);
  const coldkey = coldkeyOf(io, flags);
  const authority = flags.sudo === true ? 'root' : 'owner';
  const change: Change = { netuid, parameter, value, authority };
  return withChain(io, deps, flags, async (chain) => {
    const view = await chain.view();
    await requireSubnet(view, netuid);
    const before = await readHyperparameter(view, netuid, parameter);
    if (before !== null && sameValue(before, value)) return tellSame(io, flags, change);
    const question = { netuid, authority, signer: coldkey } as const;
    const refused = await valueGate(view, parameter, value, question);
    const timely = await gatesOf(view, parameter, question);
    const gates = refused === null ? timely : [...timely, refused];
    const setters = settersOf(view, parameter, authority);
    const operation = setOperation(change, coldkey, before, setters, gates);
    await carryOut(operationDeps(io, deps, flags, chain), operation);
  });
}

function tellSame(io: CliIo, flags: SudoSetFlags, { parameter, value, netuid }: Change): void {
  if (flags.json === true) {
    const { name } = parameter;
    const shown = hyperparameterJson(parameter, value);
    io.out(JSON.stringify({ ok: true, changed: false, netuid, param: name, value: shown }));
    return;
  }
  io.out(`${parameter.name} is ${showValue(parameter, value)} already; nothing to do`);
}

function setOperation(
  change: Change,
  coldkey: Coldkey,
  before: RawValue | null,
  [setter, ...others]: readonly SetterCall[],
  gates: readonly Gate[],
): Operation {
  const { netuid, parameter, value, authority } = change;
  // Without a call there is nothing to show but the reason.
  if (setter === undefined) throw gateError(parameter, gates[0]);
  return {
    what: `Set ${parameter.name} of netuid ${netuid} to ${showValue(parameter, value)}`,
    call: callFor(change, setter),
    otherwise: others.map((other) => callFor(change, other)),
    signedBy: 'coldkey',
    payer: coldkey,
    facts: {
      netuid,
      param: parameter.name,
      before: before === null ? null : hyperparameterFact(parameter, before),
      after: hyperparameterFact(parameter, value),
      authority,
    },
    refusals: () => gates.map((gate) => gateRefusal(gate)),
    effect: async (view) => {
      const now = await readHyperparameter(view, netuid, parameter);
      if (now === null || !sameValue(now, value)) return null;
      return { onChain: hyperparameterFact(parameter, now), changed: true };
    },
  };
}

function gateError(parameter: Hyperparameter, gate: Gate | undefined): SubnetError {
  const detail = gate?.detail ?? `this runtime has no call for ${parameter.name}`;
  return new SubnetError(gate === undefined ? 'CHAIN_UNSUPPORTED' : gateCodes[gate.reason][0], {
    detail,
  });
}

/** Our code and the chain's name of each reason. */
const gateCodes: Readonly<Record<Gate['reason'], readonly [ErrorCode, string]>> = {
  unsupported: ['CHAIN_UNSUPPORTED', 'CallNotExpected'],
  'no-subnet': ['CHAIN_NO_SUBNET', 'SubnetDoesNotExist'],
  'not-owner': ['NOT_OWNER', 'BadOrigin'],
  'root-only': ['ROOT_ONLY', 'BadOrigin'],
  'out-of-bounds': ['HYPERPARAMETER_REFUSED', 'ValueNotInBounds'],
  'freeze-window': ['CALL_TOO_SOON', 'AdminActionProhibitedDuringWeightsWindow'],
  'epoch-pending': ['CALL_TOO_SOON', 'AdminActionProhibitedDuringWeightsWindow'],
  'rate-limit': ['CALL_TOO_SOON', 'TxRateLimitExceeded'],
};

function gateRefusal({ reason, detail, clearsAtBlock }: Gate): Refusal {
  const [code, chainError] = gateCodes[reason];
  return { code, chainError, detail, ...(clearsAtBlock === null ? {} : { clearsAtBlock }) };
}
