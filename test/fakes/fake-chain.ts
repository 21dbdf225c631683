import type { Hotkey, Ss58 } from '../../common/brand.ts';
import type {
  AccountInfo,
  AxonInfo,
  BlockRef,
  Chain,
  ChainCall,
  ChainEvent,
  Neuron,
  Snapshot,
  SubnetHyperparams,
  TxOutcome,
  WeightRow,
} from '../../common/chain-port.ts';
import { SubnetError } from '../../common/errors.ts';
import type { Signer } from '../../common/signer-port.ts';

export interface FakeSubnetOptions {
  readonly hyperparams?: Partial<SubnetHyperparams>;
  readonly stakeThresholdRao?: bigint;
  readonly ownerHotkey?: Hotkey;
}

export type FakeNeuronOptions = { readonly hotkey: Hotkey } & Partial<
  Omit<Neuron, 'uid' | 'hotkey'>
>;

export interface Submission {
  readonly call: ChainCall;
  readonly hotkey: Ss58;
  readonly block: number;
}

interface FakeSubnet {
  hyperparams: SubnetHyperparams;
  stakeThresholdRao: bigint;
  ownerHotkey: Hotkey | null;
  lastEpochBlock: number;
  started: boolean;
  neurons: Neuron[];
  weights: Map<number, WeightRow>;
}

/**
 * A chain in memory for unit tests and simulations: deterministic, one block per submission
 * (or per `advance`), the chain's own checks and error names for the calls a node sends. Its
 * epoch is a plain stake-weighted mean, NOT Yuma: what it pays proves nothing about the real chain.
 */
export interface FakeChain extends Chain {
  /** Makes `blocks` empty blocks (epochs that fall due run) and returns the head. */
  advance(blocks?: number): BlockRef;
  addSubnet(netuid: number, options?: FakeSubnetOptions): void;
  /** Appends a neuron and returns its uid. */
  addNeuron(netuid: number, options: FakeNeuronOptions): number;
  patchNeuron(netuid: number, uid: number, patch: Partial<Neuron>): void;
  /** A newcomer takes a uid: scores zeroed, axon and weights of the predecessor gone. */
  replaceNeuron(netuid: number, uid: number, options: FakeNeuronOptions): void;
  patchSubnet(netuid: number, options: FakeSubnetOptions): void;
  setWeightsRow(netuid: number, uid: number, row: WeightRow): void;
  fund(address: Ss58, freeRao: bigint): void;
  /** Every submission so far, refused ones included. */
  readonly submissions: readonly Submission[];
  /** The next `submit` returns this instead; with `apply` the call takes effect all the same. */
  answerNextSubmit(outcome: TxOutcome, options?: { apply?: boolean }): void;
  /** Reads and submissions throw CHAIN_UNREACHABLE until `reconnect`. */
  disconnect(): void;
  reconnect(): void;
}

export interface FakeChainOptions {
  /** Number of the first block (default 1). */
  readonly startBlock?: number;
  /** Each submission is included in a block of its own (default); otherwise in the current head. */
  readonly blockPerSubmission?: boolean;
}

const NOTHING_REGISTERED: Omit<Neuron, 'uid' | 'hotkey' | 'coldkey'> = {
  axon: null,
  active: true,
  validatorPermit: false,
  totalStakeRao: 0n,
  alphaStakeRao: 0n,
  incentive: 0,
  dividends: 0,
  consensus: 0,
  validatorTrust: 0,
  emissionRao: 0n,
  lastUpdate: 0,
  blockAtRegistration: 0,
};

/** What a local operator sets on a test subnet: short tempo, no limits, no commit-reveal. */
export const fakeHyperparams: SubnetHyperparams = {
  tempo: 10,
  minAllowedWeights: 1,
  maxWeightsLimit: 65_535,
  weightsRateLimit: 0,
  weightsVersionKey: 0n,
  commitRevealEnabled: false,
  commitRevealPeriod: 1,
  immunityPeriod: 4096,
  activityCutoff: 5000,
  servingRateLimit: 0,
  maxUids: 256,
  maxValidators: 64,
  registrationAllowed: true,
  burnRao: 1_000_000n,
};

const adminFields: Readonly<Record<string, keyof SubnetHyperparams>> = {
  sudo_set_tempo: 'tempo',
  sudo_set_weights_set_rate_limit: 'weightsRateLimit',
  sudo_set_min_allowed_weights: 'minAllowedWeights',
  sudo_set_immunity_period: 'immunityPeriod',
  sudo_set_serving_rate_limit: 'servingRateLimit',
  sudo_set_commit_reveal_weights_enabled: 'commitRevealEnabled',
  sudo_set_weights_version_key: 'weightsVersionKey',
};

/** A refusal on the way through a call; caught by `submit` and turned into an outcome. */
class Refusal extends Error {
  readonly where: 'pool' | 'dispatch';
  readonly code: number | undefined;
  constructor(where: 'pool' | 'dispatch', name: string, code?: number) {
    super(name);
    this.where = where;
    this.code = code;
  }
}

const poolRefusal = (name: string, code: number): Refusal => new Refusal('pool', name, code);
const dispatchRefusal = (name: string): Refusal => new Refusal('dispatch', name);

const hashOf = (number: number): string => `0x${number.toString(16).padStart(64, '0')}`;

export function createFakeChain(options: FakeChainOptions = {}): FakeChain {
  const blockPerSubmission = options.blockPerSubmission ?? true;
  const subnets = new Map<number, FakeSubnet>();
  const balances = new Map<Ss58, bigint>();
  const nonces = new Map<Ss58, number>();
  const owners = new Map<Hotkey, Ss58>();
  const listeners = new Set<(head: BlockRef) => void>();
  const submissions: Submission[] = [];
  const scripted: { outcome: TxOutcome; apply: boolean }[] = [];
  let number = options.startBlock ?? 1;
  let connected = true;
  let closed = false;

  const head = (): BlockRef => ({ number, hash: hashOf(number) });

  function reachable(): void {
    if (closed) throw new SubnetError('CHAIN_CLOSED', { what: 'the fake chain' });
    if (!connected) throw new SubnetError('CHAIN_UNREACHABLE', { endpoint: 'fake' });
  }

  function subnet(netuid: number): FakeSubnet {
    const found = subnets.get(netuid);
    if (found === undefined) throw new SubnetError('CHAIN_NO_SUBNET', { netuid });
    return found;
  }

  function neuron(net: FakeSubnet, uid: number): Neuron {
    const found = net.neurons[uid];
    if (found === undefined) throw new Error(`no uid ${uid} on the fake chain`);
    return found;
  }

  function makeBlock(): void {
    number += 1;
    for (const net of subnets.values()) if (epochDue(net, number)) runEpoch(net, number);
    for (const listener of listeners) listener(head());
  }

  function apply(call: ChainCall, signer: Ss58): ChainEvent[] {
    switch (call.call) {
      case 'set_weights':
        return setWeights(call, signer);
      case 'serve_axon':
        return serveAxon(call, signer);
      case 'burned_register':
        return register(call.netuid, call.hotkey, signer);
      case 'register_limit':
        return registerLimit(call, signer);
      case 'register_network':
        return registerNetwork(call.hotkey, signer);
      case 'start_call':
        return startCall(call.netuid);
      case 'add_stake':
      case 'remove_stake':
        return moveStake(call, signer);
      case 'admin':
        return administer(call);
    }
  }

  function setWeights(call: ChainCall & { call: 'set_weights' }, signer: Ss58): ChainEvent[] {
    const net = subnets.get(call.netuid);
    if (net === undefined) throw dispatchRefusal('MechanismDoesNotExist');
    const uid = net.neurons.findIndex((one) => one.hotkey === signer);
    checkWeights(net, uid, call, number);
    const top = Math.max(0, ...call.values);
    const row = call.uids.map((target, i) => [target, upscale(call.values[i] ?? 0, top)] as const);
    net.weights.set(uid, row);
    net.neurons[uid] = { ...neuron(net, uid), lastUpdate: number };
    return [{ name: 'SubtensorModule.WeightsSet', args: [call.netuid, uid] }];
  }

  function serveAxon(call: ChainCall & { call: 'serve_axon' }, signer: Ss58): ChainEvent[] {
    const net = subnets.get(call.netuid);
    const uid = net?.neurons.findIndex((one) => one.hotkey === signer) ?? -1;
    if (net === undefined || uid < 0) throw poolRefusal('HotKeyNotRegisteredInNetwork', 10);
    if (call.ip === '127.0.0.1' || call.ip === '::1') throw poolRefusal('InvalidIpAddress', 11);
    const served = neuron(net, uid).axon;
    if (served !== null && number - served.block < net.hyperparams.servingRateLimit)
      throw poolRefusal('ServingRateLimitExceeded', 12);
    if (call.port === 0) throw poolRefusal('InvalidPort', 13);
    net.neurons[uid] = { ...neuron(net, uid), axon: axonOf(call, number) };
    return [{ name: 'SubtensorModule.AxonServed', args: [call.netuid, signer] }];
  }

  function register(netuid: number, hotkey: Hotkey, coldkey: Ss58): ChainEvent[] {
    if (netuid === 0) throw dispatchRefusal('RegistrationNotPermittedOnRootSubnet');
    const net = subnets.get(netuid);
    if (net === undefined) throw dispatchRefusal('SubnetNotExists');
    if (!net.hyperparams.registrationAllowed) throw dispatchRefusal('SubNetRegistrationDisabled');
    if (net.neurons.some((one) => one.hotkey === hotkey))
      throw dispatchRefusal('HotKeyAlreadyRegisteredInSubNet');
    pay(coldkey, net.hyperparams.burnRao);
    own(hotkey, coldkey);
    if (net.neurons.length >= net.hyperparams.maxUids) throw dispatchRefusal('NoNeuronIdAvailable');
    const uid = append(net, { hotkey, coldkey, blockAtRegistration: number, lastUpdate: number });
    return [{ name: 'SubtensorModule.NeuronRegistered', args: [netuid, uid, hotkey] }];
  }

  function registerLimit(call: ChainCall & { call: 'register_limit' }, signer: Ss58): ChainEvent[] {
    const burn = subnets.get(call.netuid)?.hyperparams.burnRao ?? 0n;
    if (burn > call.limitPriceRao) throw dispatchRefusal('RegistrationPriceLimitExceeded');
    return register(call.netuid, call.hotkey, signer);
  }

  function registerNetwork(hotkey: Hotkey, coldkey: Ss58): ChainEvent[] {
    let netuid = 1;
    while (subnets.has(netuid)) netuid += 1;
    addSubnet(netuid, { ownerHotkey: hotkey });
    append(subnet(netuid), { hotkey, coldkey, blockAtRegistration: number });
    return [{ name: 'SubtensorModule.NetworkAdded', args: [netuid, 1] }];
  }

  function startCall(netuid: number): ChainEvent[] {
    const net = subnets.get(netuid);
    if (net === undefined) throw dispatchRefusal('SubnetNotExists');
    if (net.started) throw dispatchRefusal('FirstEmissionBlockNumberAlreadySet');
    net.started = true;
    return [
      { name: 'SubtensorModule.FirstEmissionBlockNumberSet', args: [netuid, String(number + 1)] },
    ];
  }

  /** Setters of one hyperparameter; others are accepted and change nothing. */
  function administer(call: ChainCall & { call: 'admin' }): ChainEvent[] {
    const [netuid, value] = call.args;
    if (typeof netuid !== 'number' || value === undefined) return [];
    const net = subnets.get(netuid);
    if (net === undefined) throw dispatchRefusal('SubnetDoesNotExist');
    const field = adminFields[call.name];
    if (field !== undefined) net.hyperparams = { ...net.hyperparams, [field]: value };
    return [];
  }

  function moveStake(
    call: ChainCall & { call: 'add_stake' | 'remove_stake' },
    coldkey: Ss58,
  ): ChainEvent[] {
    const net = subnets.get(call.netuid);
    if (net === undefined) throw poolRefusal('SubnetNotExists', 3);
    const uid = net.neurons.findIndex((one) => one.hotkey === call.hotkey);
    if (uid < 0) throw poolRefusal('HotKeyAccountNotExists', 4);
    const adding = call.call === 'add_stake';
    if (adding) pay(coldkey, call.amountRao);
    else if (neuron(net, uid).alphaStakeRao < call.amountRao)
      throw poolRefusal('NotEnoughStakeToWithdraw', 5);
    else fund(coldkey, (balances.get(coldkey) ?? 0n) + call.amountRao);
    changeStake(net, uid, adding ? call.amountRao : -call.amountRao);
    const amount = String(call.amountRao);
    const name = adding ? 'SubtensorModule.StakeAdded' : 'SubtensorModule.StakeRemoved';
    return [{ name, args: [coldkey, call.hotkey, amount, amount, call.netuid, '0'] }];
  }

  function changeStake(net: FakeSubnet, uid: number, byRao: bigint): void {
    const one = neuron(net, uid);
    net.neurons[uid] = {
      ...one,
      totalStakeRao: one.totalStakeRao + byRao,
      alphaStakeRao: one.alphaStakeRao + byRao,
    };
  }

  function pay(coldkey: Ss58, amountRao: bigint): void {
    const free = balances.get(coldkey) ?? 0n;
    if (free < amountRao) throw dispatchRefusal('NotEnoughBalanceToStake');
    balances.set(coldkey, free - amountRao);
  }

  function own(hotkey: Hotkey, coldkey: Ss58): void {
    if ((owners.get(hotkey) ?? coldkey) !== coldkey) throw dispatchRefusal('NonAssociatedColdKey');
    owners.set(hotkey, coldkey);
  }

  function append(net: FakeSubnet, options: FakeNeuronOptions): number {
    const uid = net.neurons.length;
    net.neurons.push(newNeuron(uid, options));
    return uid;
  }

  function newNeuron(uid: number, options: FakeNeuronOptions): Neuron {
    const coldkey = options.coldkey ?? options.hotkey;
    owners.set(options.hotkey, coldkey);
    const alpha = options.alphaStakeRao ?? options.totalStakeRao ?? 0n;
    return { ...NOTHING_REGISTERED, coldkey, alphaStakeRao: alpha, ...options, uid };
  }

  function addSubnet(netuid: number, options: FakeSubnetOptions = {}): void {
    subnets.set(netuid, {
      hyperparams: { ...fakeHyperparams, ...options.hyperparams },
      stakeThresholdRao: options.stakeThresholdRao ?? 0n,
      ownerHotkey: options.ownerHotkey ?? null,
      lastEpochBlock: number,
      started: false,
      neurons: [],
      weights: new Map(),
    });
  }

  function patchSubnet(netuid: number, options: FakeSubnetOptions): void {
    const net = subnet(netuid);
    net.hyperparams = { ...net.hyperparams, ...options.hyperparams };
    net.stakeThresholdRao = options.stakeThresholdRao ?? net.stakeThresholdRao;
    net.ownerHotkey = options.ownerHotkey ?? net.ownerHotkey;
  }

  function fund(address: Ss58, freeRao: bigint): void {
    balances.set(address, freeRao);
  }

  function replaceNeuron(netuid: number, uid: number, options: FakeNeuronOptions): void {
    const net = subnet(netuid);
    neuron(net, uid);
    net.neurons[uid] = newNeuron(uid, {
      blockAtRegistration: number,
      lastUpdate: number,
      ...options,
    });
    net.weights.delete(uid);
    for (const [from, row] of net.weights)
      net.weights.set(
        from,
        row.map(([to, value]) => [to, to === uid ? 0 : value] as const),
      );
  }

  function submitNow(call: ChainCall, signer: Ss58): TxOutcome {
    try {
      const events = apply(call, signer);
      nonces.set(signer, (nonces.get(signer) ?? 0) + 1);
      const extrinsicHash = hashOf(submissions.length + 1_000_000_000);
      return { kind: 'included', block: head(), extrinsicHash, events };
    } catch (error) {
      if (error instanceof Refusal) return refused(error, head());
      throw error;
    }
  }

  async function submit(call: ChainCall, signer: Signer): Promise<TxOutcome> {
    reachable();
    if (blockPerSubmission) makeBlock();
    submissions.push({ call, hotkey: signer.ss58, block: number });
    const answer = scripted.shift();
    if (answer === undefined) return submitNow(call, signer.ss58);
    if (answer.apply) submitNow(call, signer.ss58);
    return answer.outcome;
  }

  async function snapshot(netuid: number): Promise<Snapshot> {
    reachable();
    const net = subnet(netuid);
    const { tempo } = net.hyperparams;
    return {
      netuid,
      block: head(),
      hyperparams: net.hyperparams,
      stakeThresholdRao: net.stakeThresholdRao,
      lastEpochBlock: net.lastEpochBlock,
      nextEpochBlock: tempo === 0 ? null : net.lastEpochBlock + tempo,
      ownerHotkey: net.ownerHotkey,
      neurons: [...net.neurons],
    };
  }

  return {
    genesisHash: hashOf(0),
    submissions,
    submit,
    snapshot,
    addSubnet,
    patchSubnet,
    replaceNeuron,
    fund,
    async head() {
      reachable();
      return head();
    },
    async blockHash(at) {
      reachable();
      if (at > number || at < 0) throw new SubnetError('CHAIN_NO_BLOCK', { block: at });
      return hashOf(at);
    },
    async weightsOf(netuid, uid) {
      reachable();
      return subnet(netuid).weights.get(uid) ?? [];
    },
    async uidOf(netuid, hotkey) {
      reachable();
      const uid = subnets.get(netuid)?.neurons.findIndex((one) => one.hotkey === hotkey) ?? -1;
      return uid < 0 ? null : uid;
    },
    async account(address): Promise<AccountInfo> {
      reachable();
      return { freeRao: balances.get(address) ?? 0n, nonce: nonces.get(address) ?? 0 };
    },
    async netuids() {
      reachable();
      return [...subnets.keys()].sort((a, b) => a - b);
    },
    onHead(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      listeners.clear();
    },
    advance(blocks = 1) {
      for (let i = 0; i < blocks; i += 1) makeBlock();
      return head();
    },
    addNeuron: (netuid, options) => append(subnet(netuid), options),
    patchNeuron(netuid, uid, patch) {
      const net = subnet(netuid);
      net.neurons[uid] = { ...neuron(net, uid), ...patch };
    },
    setWeightsRow(netuid, uid, row) {
      subnet(netuid).weights.set(uid, row);
    },
    answerNextSubmit(outcome, { apply: applied = false } = {}) {
      scripted.push({ outcome, apply: applied });
    },
    disconnect() {
      connected = false;
    },
    reconnect() {
      connected = true;
    },
  };
}

/** The order of the chain's set path, pool checks first (facts of the chain, 1.2 and 2.1). */
function checkWeights(
  net: FakeSubnet,
  uid: number,
  call: ChainCall & { call: 'set_weights' },
  now: number,
): void {
  const { hyperparams: limits, neurons } = net;
  const caller = neurons[uid];
  const isOwner = caller !== undefined && caller.hotkey === net.ownerHotkey;
  const staked = isOwner || (caller?.totalStakeRao ?? 0n) >= net.stakeThresholdRao;
  if (caller !== undefined && !staked) throw poolRefusal('NotEnoughStakeToSetWeights', 1);
  if (caller !== undefined && !limits.commitRevealEnabled && tooFast(caller, limits, now))
    throw poolRefusal('SettingWeightsTooFast', 6);
  if (limits.commitRevealEnabled) throw dispatchRefusal('CommitRevealEnabled');
  if (call.uids.length !== call.values.length) throw dispatchRefusal('WeightVecNotEqualSize');
  if (call.uids.length > neurons.length) throw dispatchRefusal('UidsLengthExceedUidsInSubNet');
  if (caller === undefined) throw dispatchRefusal('HotKeyNotRegisteredInSubNet');
  if (limits.weightsVersionKey !== 0n && call.versionKey < limits.weightsVersionKey)
    throw dispatchRefusal('IncorrectWeightVersionKey');
  const aimedAtSelf = call.uids.length === 1 && call.uids[0] === uid;
  if (!caller.validatorPermit && !aimedAtSelf && !isOwner)
    throw dispatchRefusal('NeuronNoValidatorPermit');
  if (new Set(call.uids).size !== call.uids.length) throw dispatchRefusal('DuplicateUids');
  if (call.uids.some((target) => target >= neurons.length))
    throw dispatchRefusal('UidVecContainInvalidOne');
  if (!aimedAtSelf && call.uids.length < Math.min(limits.minAllowedWeights, neurons.length))
    throw dispatchRefusal('WeightVecLengthIsLow');
}

function tooFast(caller: Neuron, limits: SubnetHyperparams, now: number): boolean {
  return caller.lastUpdate !== 0 && now - caller.lastUpdate < limits.weightsRateLimit;
}

function upscale(value: number, top: number): number {
  return top === 0 ? 0 : Math.round((value * 65_535) / top);
}

function axonOf(call: ChainCall & { call: 'serve_axon' }, block: number): AxonInfo {
  const ipType = call.ip.includes(':') ? 6 : 4;
  return { ip: call.ip, port: call.port, ipType, protocol: 4, version: call.version, block };
}

function refused(refusal: Refusal, block: BlockRef): TxOutcome {
  const { message: name, where, code } = refusal;
  const message = code === undefined ? name : `Custom error: ${code}`;
  if (where === 'pool') {
    return {
      kind: 'refused',
      where,
      name,
      message,
      ...(code !== undefined && { customCode: code }),
    };
  }
  return { kind: 'refused', where, name, message, block };
}

function epochDue(net: FakeSubnet, block: number): boolean {
  return net.hyperparams.tempo > 0 && block - net.lastEpochBlock >= net.hyperparams.tempo;
}

/** Stake-weighted mean of the permitted validators' rows; permits go to the largest stakes. */
function runEpoch(net: FakeSubnet, block: number): void {
  net.lastEpochBlock = block;
  const gains = net.neurons.map(() => 0);
  const stakes = net.neurons.map((one) => (one.validatorPermit ? Number(one.totalStakeRao) : 0));
  for (const [from, row] of net.weights) {
    const total = row.reduce((sum, [to, value]) => sum + (to === from ? 0 : value), 0);
    for (const [to, value] of row)
      if (to !== from && total > 0)
        gains[to] = (gains[to] ?? 0) + ((stakes[from] ?? 0) * value) / total;
  }
  const all = gains.reduce((sum, gain) => sum + gain, 0);
  const ranked = [...net.neurons].sort((a, b) => Number(b.totalStakeRao - a.totalStakeRao));
  const permitted = new Set(ranked.slice(0, net.hyperparams.maxValidators).map((one) => one.uid));
  net.neurons = net.neurons.map((one) => ({
    ...one,
    incentive: all === 0 ? 0 : (gains[one.uid] ?? 0) / all,
    validatorPermit: one.totalStakeRao > 0n && permitted.has(one.uid),
    emissionRao: all === 0 ? 0n : BigInt(Math.floor(((gains[one.uid] ?? 0) / all) * 1e9)),
  }));
}
