import type { ChainCall } from '../chain-port.ts';
import { SubnetError } from '../errors.ts';
import type { StateView } from '../state-view.ts';
import { tlsKeyBytes } from '../tls-key.ts';
import { packIp } from './ip.ts';

/** What decides how a call is named and which arguments it takes. */
export type CallOffer = Pick<StateView, 'callArguments'>;

/** A call by the names of the metadata, arguments in its order. */
export interface NamedCall {
  readonly pallet: string;
  readonly call: string;
  readonly args: readonly unknown[];
  /** Wrapped into Sudo.sudo. */
  readonly sudo: boolean;
}

type Arguments = Readonly<Record<string, unknown>>;

/** What is meant, before it is known how this runtime says it. */
interface Meant {
  readonly pallet: string;
  /** Best first; the later ones do the same on older runtimes. */
  readonly names: readonly string[];
  readonly args: Arguments;
  /** Dropped where the runtime takes no such argument. */
  readonly optional: readonly string[];
  readonly sudo: boolean;
}

/**
 * The call of this runtime that does what is meant, its arguments ordered by their names in the
 * metadata. Throws CHAIN_UNSUPPORTED, which names what lacks.
 */
export function nameCall(call: ChainCall, offer: CallOffer): NamedCall {
  if (call.call === 'admin') return nameAdmin(call, offer);
  const meant = meaningOf(call);
  const found = meant.names.find((name) => offer.callArguments(meant.pallet, name) !== null);
  if (found === undefined) throw missing(`${meant.pallet}.${meant.names.at(-1) ?? ''}`);
  const { pallet, sudo } = meant;
  return { pallet, call: found, args: orderArguments(meant, found, offer), sudo };
}

function nameAdmin(
  { name, args, sudo }: Extract<ChainCall, { call: 'admin' }>,
  offer: CallOffer,
): NamedCall {
  const pallet = 'AdminUtils';
  const taken = offer.callArguments(pallet, name);
  if (taken === null) throw missing(`${pallet}.${name}`);
  if (taken.length !== args.length) {
    const names = taken.map((one) => one.name).join(', ');
    throw new SubnetError('CHAIN_UNSUPPORTED', {
      detail: `${pallet}.${name} takes (${names}), ${args.length} were given`,
    });
  }
  return { pallet, call: name, args, sudo };
}

function orderArguments(meant: Meant, name: string, offer: CallOffer): readonly unknown[] {
  const taken = offer.callArguments(meant.pallet, name) ?? [];
  const place = `${meant.pallet}.${name}`;
  for (const given of Object.keys(meant.args)) {
    const isTaken = taken.some((one) => one.name === given);
    if (!isTaken && !meant.optional.includes(given)) throw missing(`${place}(${given})`);
  }
  return taken.map(({ name: wanted }) => {
    if (!(wanted in meant.args)) {
      const detail = `${place} of this runtime also takes ${wanted}`;
      throw new SubnetError('CHAIN_UNSUPPORTED', { detail });
    }
    return meant.args[wanted];
  });
}

function meaningOf(call: Exclude<ChainCall, { call: 'admin' }>): Meant {
  if (call.call === 'named') {
    const { pallet, name, args, optional = [], sudo = false } = call;
    return { pallet, names: [name], args, optional, sudo };
  }
  const base = { pallet: 'SubtensorModule', sudo: false } as const;
  if (isWeightCall(call)) return { ...base, ...meaningOfWeights(call) };
  return { ...base, names: [call.call], ...argumentsOf(call) };
}

type WeightCall = Extract<
  ChainCall,
  {
    call: 'set_weights' | 'commit_weights' | 'reveal_weights' | 'commit_timelocked_weights';
  }
>;
type OtherCall = Exclude<ChainCall, WeightCall | { call: 'admin' } | { call: 'named' }>;

function isWeightCall(call: WeightCall | OtherCall): call is WeightCall {
  return call.call.endsWith('_weights');
}

/** Mechanism 0 may go without the argument; another mechanism must not fall back to it. */
function meaningOfWeights(call: WeightCall): Pick<Meant, 'names' | 'args' | 'optional'> {
  const { netuid, mecid = 0 } = call;
  const withMechanism = call.call.replace('_weights', '_mechanism_weights');
  return {
    names: mecid === 0 ? [withMechanism, call.call] : [withMechanism],
    args: { netuid, mecid, ...weightArguments(call) },
    optional: mecid === 0 ? ['mecid'] : [],
  };
}

function weightArguments(call: WeightCall): Arguments {
  switch (call.call) {
    case 'set_weights':
      return { dests: call.uids, weights: call.values, version_key: call.versionKey };
    case 'commit_weights':
      return { commit_hash: call.hash };
    case 'reveal_weights': {
      const { uids, values, salt, versionKey } = call;
      return { uids, values, salt, version_key: versionKey };
    }
    case 'commit_timelocked_weights': {
      const { commit, revealRound, version } = call;
      return { commit, reveal_round: revealRound, commit_reveal_version: version };
    }
  }
}

/** Names of the arguments: SubtensorModule of spec 425; what it did not always take is optional. */
function argumentsOf(call: OtherCall): Pick<Meant, 'args' | 'optional'> {
  switch (call.call) {
    case 'serve_axon':
      return { args: axonArguments(call), optional: [] };
    case 'serve_axon_tls': {
      const certificate = tlsKeyBytes(call.tlsKey);
      return { args: { ...axonArguments(call), certificate }, optional: [] };
    }
    case 'burned_register':
      return { args: { netuid: call.netuid, hotkey: call.hotkey }, optional: [] };
    case 'register_limit': {
      const { netuid, hotkey, limitPriceRao } = call;
      return { args: { netuid, hotkey, limit_price: limitPriceRao }, optional: [] };
    }
    case 'register_network':
      // Mechanism 1, the dynamic one, where the runtime asked for it; none did either before 2025.
      return { args: { hotkey: call.hotkey, mechid: 1 }, optional: ['hotkey', 'mechid'] };
    case 'start_call':
      return { args: { netuid: call.netuid }, optional: [] };
    case 'add_stake':
    case 'remove_stake':
      return { args: stakeArguments(call), optional: ['netuid'] };
  }
}

function axonArguments(
  call: Extract<ChainCall, { call: 'serve_axon' | 'serve_axon_tls' }>,
): Arguments {
  const { value, type } = packIp(call.ip);
  return {
    netuid: call.netuid,
    version: call.version,
    ip: value,
    port: call.port,
    ip_type: type,
    protocol: 4,
    placeholder1: 0,
    placeholder2: 0,
  };
}

/** Stake belonged to no subnet before 2025. */
function stakeArguments(
  call: Extract<ChainCall, { call: 'add_stake' | 'remove_stake' }>,
): Arguments {
  const { hotkey, netuid, amountRao } = call;
  const amount = call.call === 'add_stake' ? 'amount_staked' : 'amount_unstaked';
  return { hotkey, netuid, [amount]: amountRao };
}

function missing(what: string): SubnetError {
  return new SubnetError('CHAIN_UNSUPPORTED', { missing: what });
}
