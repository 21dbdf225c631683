import { asNumber } from '../chain/decoded.ts';
import type { StateView } from '../state-view.ts';
import { showValue } from './hyperparameter-value.ts';
import type { RawValue } from './hyperparameter-value.ts';
import { findHyperparameter } from './hyperparameters.ts';
import type { Hyperparameter } from './hyperparameters.ts';
import { settersOf } from './owner-gates.ts';
import type { Authority, Gate, GateQuestion } from './owner-gates.ts';
import { readHyperparameter } from './set-hyperparameter.ts';
import { raoPerTao } from '../rao.ts';

/** Values that are to stand on the chain beside this one, by the parameter's name. */
export type Wished = ReadonlyMap<string, RawValue>;

/** Says what is wrong with a value, after the parameter's name; null: nothing. */
type Rule = (value: bigint, facts: RuleFacts) => Promise<string | null>;

/** Of all mechanisms of a subnet together. */
const mostUids = 256n;
const ownersBondsMovingAverage = 975_000n;

/**
 * What the chain itself checks of a value beyond its range, on the runtimes that do: from the setters of
 * Subtensor's AdminUtils (spec 425).
 */
const rules: Readonly<Record<string, Rule>> = {
  max_burn: async (value, facts) =>
    value <= raoPerTao / 10n ? 'must be above 0.1 TAO' : facts.above(value, 'min_burn'),
  min_burn: async (value, facts) =>
    value >= raoPerTao ? 'must be below 1 TAO' : facts.below(value, 'max_burn'),
  max_allowed_uids: async (value, facts) =>
    (await facts.notBelowItem(value, 'SubnetworkN', 'the seats taken')) ??
    (await facts.notBelowItem(value, 'MinAllowedUids', 'the fewest seats')) ??
    seatsProblem(value, await facts.wished('mechanism_count')),
  mechanism_count: async (value, facts) =>
    (await facts.atMost(
      value,
      await facts.item('MaxMechanismCount', false),
      'MaxMechanismCount',
    )) ?? seatsProblem(value, await facts.wished('max_allowed_uids')),
  activity_cutoff: async (value, facts) =>
    facts.notBelowItem(value, 'MinActivityCutoff', 'the chain’s least', false),
  max_validators: async (value, facts) =>
    facts.atMost(value, await facts.wished('max_allowed_uids'), 'the seats (max_allowed_uids)'),
  bonds_moving_avg: async (value, { authority }) =>
    authority === 'owner' && value > ownersBondsMovingAverage
      ? `may be set up to ${ownersBondsMovingAverage} by an owner`
      : null,
  alpha_sigmoid_steepness: async (value, { authority }) =>
    authority === 'owner' && value < 0n ? 'may be set below 0 by root only' : null,
};

/**
 * What the chain would refuse this value for, whoever may set the parameter and whenever; null:
 * nothing that is known. Throws CHAIN_*.
 */
export async function valueGate(
  view: StateView,
  parameter: Hyperparameter,
  value: RawValue,
  question: GateQuestion,
  wished: Wished = new Map(),
): Promise<Gate | null> {
  const facts = new RuleFacts(view, question, wished);
  const problem =
    ownerCallProblem(view, parameter, value, question) ?? (await ruled(parameter, value, facts));
  if (problem === null) return null;
  const detail = `${showValue(parameter, value)} is refused: ${parameter.name} ${problem}`;
  return { reason: 'out-of-bounds', detail, clearsAtBlock: null };
}

function ownerCallProblem(
  view: StateView,
  parameter: Hyperparameter,
  value: RawValue,
  { authority }: GateQuestion,
): string | null {
  const { ownerCall } = parameter;
  const [setter] = settersOf(view, parameter, authority);
  if (ownerCall === undefined || setter?.name !== ownerCall.name) return null;
  if (typeof value !== 'bigint' || (value >= ownerCall.min && value <= ownerCall.max)) return null;
  return `may be set from ${ownerCall.min} to ${ownerCall.max} by an owner`;
}

async function ruled(
  parameter: Hyperparameter,
  value: RawValue,
  facts: RuleFacts,
): Promise<string | null> {
  if (!facts.applies) return null;
  if (parameter.name === 'alpha_values') {
    const on = await facts.wishedValue('liquid_alpha_enabled');
    return on === false ? 'needs liquid_alpha_enabled' : null;
  }
  return typeof value === 'bigint' ? ((await rules[parameter.name]?.(value, facts)) ?? null) : null;
}

function seatsProblem(value: bigint, other: bigint | null): string | null {
  if (other === null || value * other <= mostUids) return null;
  return `times ${other} is over the ${mostUids} seats of all mechanisms together`;
}

/** What stands on the chain, or will after the plan. */
class RuleFacts {
  readonly authority: Authority;
  readonly #view: StateView;
  readonly #netuid: number;
  readonly #wished: Wished;

  constructor(view: StateView, { netuid, authority }: GateQuestion, wished: Wished) {
    this.#view = view;
    this.#netuid = netuid;
    this.#wished = wished;
    this.authority = authority;
  }

  /** The rules came with the owner's own rate limits; older runtimes leave most to root. */
  get applies(): boolean {
    return this.#view.hasStorage('SubtensorModule', 'LastRateLimitedBlock');
  }

  async wishedValue(name: string): Promise<RawValue | null> {
    const wished = this.#wished.get(name);
    if (wished !== undefined) return wished;
    const parameter = findHyperparameter(name);
    return parameter === null ? null : readHyperparameter(this.#view, this.#netuid, parameter);
  }

  async wished(name: string): Promise<bigint | null> {
    const value = await this.wishedValue(name);
    return typeof value === 'bigint' ? value : null;
  }

  async item(name: string, perSubnet = true): Promise<bigint | null> {
    if (!this.#view.hasStorage('SubtensorModule', name)) return null;
    const keys = perSubnet ? [this.#netuid] : [];
    return BigInt(asNumber(await this.#view.storage('SubtensorModule', name, ...keys)));
  }

  async above(value: bigint, name: string): Promise<string | null> {
    const other = await this.wished(name);
    return other !== null && value <= other
      ? `must be above ${name} (${shown(name, other)})`
      : null;
  }

  async below(value: bigint, name: string): Promise<string | null> {
    const other = await this.wished(name);
    return other !== null && value >= other
      ? `must be below ${name} (${shown(name, other)})`
      : null;
  }

  async notBelowItem(
    value: bigint,
    name: string,
    what: string,
    perSubnet = true,
  ): Promise<string | null> {
    const least = await this.item(name, perSubnet);
    return least !== null && value < least ? `must not be below ${what} (${least})` : null;
  }

  async atMost(value: bigint, most: bigint | null, what: string): Promise<string | null> {
    return most !== null && value > most ? `must be at most ${most}, ${what}` : null;
  }
}

function shown(name: string, value: bigint): string {
  const parameter = findHyperparameter(name);
  return parameter === null ? String(value) : showValue(parameter, value);
}
