import type { Hotkey, Ss58 } from '../../common/brand.ts';
import type {
  AccountInfo,
  AxonInfo,
  Beacon,
  BlockRef,
  Chain,
  ChainCall,
  ChainEvent,
  EndpointState,
  EpochSchedule,
  Neuron,
  PendingCommit,
  RuntimeFacts,
  Snapshot,
  SubmitOptions,
  SubnetHyperparams,
  TxOutcome,
  WeightRow,
} from '../../common/chain-port.ts';
import { SubnetError } from '../../common/errors.ts';
import type { Signer } from '../../common/signer-port.ts';
import type { TlsKey } from '../../common/tls-key.ts';
import {
  blake2Hex,
  commitHashOf,
  epochDue,
  epochIndexAt,
  openOpenly,
  pendingHash,
  pendingTimelocked,
} from './fake-commits.ts';
import type { EpochClock, HashCommit, OpenCommit, TimelockedCommit } from './fake-commits.ts';

export interface FakeSubnetOptions {
  readonly hyperparams?: Partial<SubnetHyperparams>;
  readonly stakeThresholdRao?: bigint;
  readonly ownerHotkey?: Hotkey;
  /** How many incentive mechanisms it has (default 1). */
  readonly mechanisms?: number;
}

export type FakeNeuronOptions = { readonly hotkey: Hotkey } & Partial<
  Omit<Neuron, 'uid' | 'hotkey'>
>;

export interface Submission {
  readonly call: ChainCall;
  readonly hotkey: Ss58;
  readonly block: number;
  readonly nonce: number;
}

/** What one incentive mechanism keeps. `lastUpdate` of mechanism 0 stands in the neurons. */
interface FakeMechanism {
  readonly weights: Map<number, WeightRow>;
  readonly lastUpdate: number[];
  hashCommits: HashCommit[];
  timelocked: TimelockedCommit[];
}

interface FakeSubnet extends EpochClock {
  readonly netuid: number;
  hyperparams: SubnetHyperparams;
  stakeThresholdRao: bigint;
  ownerHotkey: Hotkey | null;
  started: boolean;
  neurons: Neuron[];
  mechanisms: FakeMechanism[];
  tlsKeys: Map<Hotkey, TlsKey>;
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
  /** The node behind it was restarted from an older state: the head is so many blocks lower. */
  setBack(blocks: number): BlockRef;
  /** Appends a neuron and returns its uid. */
  addNeuron(netuid: number, options: FakeNeuronOptions): number;
  patchNeuron(netuid: number, uid: number, patch: Partial<Neuron>): void;
  /** A newcomer takes a uid: scores zeroed, axon and weights of the predecessor gone. */
  replaceNeuron(netuid: number, uid: number, options: FakeNeuronOptions): void;
  patchSubnet(netuid: number, options: FakeSubnetOptions): void;
  setWeightsRow(netuid: number, uid: number, row: WeightRow, mecid?: number): void;
  /** The owner asks for an epoch at this block (stateful model). */
  triggerEpoch(netuid: number, atBlock: number): void;
  /** Pulses of rounds that pass while the beacon stands still never come. */
  stopBeacon(): void;
  startBeacon(): void;
  /** A runtime upgrade: what it offers from now on. */
  upgrade(runtime: Partial<RuntimeFacts>): void;
  setEndpoints(endpoints: readonly EndpointState[]): void;
  /** Events of blocks below this one are gone, as on a node that prunes. */
  forgetEventsBelow(block: number): void;
  fund(address: Ss58, freeRao: bigint): void;
  /** Remembers this block; the function returned sets the chain back to it, and other blocks follow. */
  keep(): () => void;
  /** Every submission so far, refused ones included. */
  readonly submissions: readonly Submission[];
  /** The next `submit` returns this instead; with `apply` the call takes effect all the same. */
  answerNextSubmit(outcome: TxOutcome, options?: ScriptedOptions): void;
  /** Reads and submissions throw CHAIN_UNREACHABLE until `reconnect`. */
  disconnect(): void;
  reconnect(): void;
}

export interface ScriptedOptions {
  readonly apply?: boolean;
  /** With `apply`: it waits in the pool and lands only after so many more blocks. */
  readonly afterBlocks?: number;
}

export interface FakeChainOptions {
  /** Time of the chain from block to block (default 12,000). */
  readonly blockTimeMs?: number;
  /** What the runtime offers (default: today's). */
  readonly runtime?: Partial<RuntimeFacts>;
  /** How it opens timelocked commits (default: `openOpenly`). */
  readonly openCommit?: OpenCommit;
  /** null for a runtime without one; default: the schedule of drand quicknet, with no real key. */
  readonly beacon?: Beacon | null;
  /** Number of the first block (default 1). */
  readonly startBlock?: number;
  /** Each submission is included in a block of its own (default); otherwise in the current head. */
  readonly blockPerSubmission?: boolean;
  /** Blocks in which a signature is valid, as it is told to who signs (default 64). */
  readonly eraBlocks?: number;
}

/** Taken by a pool, not in a block yet. */
interface Waiting {
  readonly call: ChainCall;
  readonly signer: Ss58;
  readonly nonce: number;
  readonly block: number;
}

export const fakeBeacon: Beacon = {
  publicKey: new Uint8Array(96),
  genesisTimeS: 1_692_803_367,
  periodS: 3,
  chainHash: '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971',
};

const todaysRuntime: RuntimeFacts = {
  specName: 'node-subtensor',
  specVersion: 425,
  epochs: 'stateful',
  metagraph: 'selective',
  mechanisms: true,
  commits: { hash: true, timelocked: true },
};

/** The chain's clock at block 0. */
const genesisMs = 1_700_000_000_000;
const mostPendingCommits = 10;
const commitVersion = 4;
const mechanismStride = 4096;

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
  sudo_set_commit_reveal_weights_interval: 'commitRevealPeriod',
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

const poolRefusal = (name: string, code?: number): Refusal => new Refusal('pool', name, code);
const dispatchRefusal = (name: string): Refusal => new Refusal('dispatch', name);

const hashOf = (number: number, fork = 0): string =>
  `0x${fork.toString(16).padStart(8, '0')}${number.toString(16).padStart(56, '0')}`;

export function createFakeChain(options: FakeChainOptions = {}): FakeChain {
  const blockPerSubmission = options.blockPerSubmission ?? true;
  const subnets = new Map<number, FakeSubnet>();
  const balances = new Map<Ss58, bigint>();
  const nonces = new Map<Ss58, number>();
  const owners = new Map<Hotkey, Ss58>();
  const listeners = new Set<(head: BlockRef) => void>();
  const submissions: Submission[] = [];
  const scripted: ({ readonly outcome: TxOutcome } & ScriptedOptions)[] = [];
  const late: Waiting[] = [];
  const blockTimeMs = options.blockTimeMs ?? 12_000;
  const openCommit = options.openCommit ?? openOpenly;
  const beacon = options.beacon === undefined ? fakeBeacon : options.beacon;
  const pulses = new Set<number>();
  const events = new Map<number, ChainEvent[]>();
  let runtime: RuntimeFacts = { ...todaysRuntime, ...options.runtime };
  let beaconRuns = true;
  let endpoints: readonly EndpointState[] | null = null;
  let eventsFrom = 0;
  let number = options.startBlock ?? 1;
  let connected = true;
  let closed = false;

  /** First blocks of what followed when the chain was set back. */
  const forks: number[] = [];
  const forkOf = (at: number): number => 1 + forks.findLastIndex((from) => at >= from);
  const head = (): BlockRef => ({ number, hash: hashOf(number, forkOf(number)) });

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
    takePulses();
    for (const net of subnets.values()) passBlock(net);
    for (const one of late.splice(0)) {
      if (one.block > number) late.push(one);
      else if (one.nonce >= (nonces.get(one.signer) ?? 0)) submitNow(one);
    }
    for (const listener of listeners) listener(head());
  }

  const chainTimeMs = (): number => genesisMs + number * blockTimeMs;

  function roundNow(): number {
    if (beacon === null) return 0;
    return Math.floor((chainTimeMs() / 1000 - beacon.genesisTimeS) / beacon.periodS) + 1;
  }

  let newestRound = roundNow();
  function takePulses(): void {
    const now = roundNow();
    for (let round = newestRound + 1; round <= now; round += 1) if (beaconRuns) pulses.add(round);
    newestRound = Math.max(newestRound, now);
  }

  function isDue(net: FakeSubnet): boolean {
    return epochDue(net, runtime.epochs, net.hyperparams.tempo, net.netuid, number);
  }

  /** The epoch of this block, without a look ahead. */
  function epochNow(net: FakeSubnet): number {
    return epochIndexAt(net, runtime.epochs, net.hyperparams.tempo, net.netuid, number);
  }

  /** Reveals come before the epoch of the same block, as in the chain's hook. */
  function passBlock(net: FakeSubnet): void {
    const due = isDue(net);
    revealTimelocked(net, epochNow(net) + (due && runtime.epochs === 'stateful' ? 1 : 0));
    net.blocksSinceLastStep += 1;
    if (due) runEpoch(net, number);
  }

  function revealTimelocked(net: FakeSubnet, epoch: number): void {
    const revealed = epoch - net.hyperparams.commitRevealPeriod;
    net.mechanisms.forEach((mechanism, mecid) => {
      const kept = mechanism.timelocked.filter((one) => one.epoch >= revealed);
      mechanism.timelocked = kept.filter((one) => {
        if (one.epoch !== revealed || !pulses.has(one.revealRound)) return true;
        openOne(net, mecid, one);
        return false;
      });
    });
  }

  /** What does not open, or is refused now, is dropped without a word. */
  function openOne(net: FakeSubnet, mecid: number, commit: TimelockedCommit): void {
    const payload = openCommit(commit.bytes, commit.revealRound);
    if (payload === null || payload.hotkey !== commit.who) return;
    try {
      storeRow(net, mecid, commit.who, payload);
      emit({
        name: 'SubtensorModule.TimelockedWeightsRevealed',
        args: [indexOf(net, mecid), commit.who],
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  function emit(...more: ChainEvent[]): void {
    events.set(number, [...(events.get(number) ?? []), ...more]);
  }

  function apply(call: ChainCall, signer: Ss58): ChainEvent[] {
    switch (call.call) {
      case 'set_weights':
        return setWeights(call, signer);
      case 'commit_weights':
        return commitHash(call, signer);
      case 'reveal_weights':
        return revealHash(call, signer);
      case 'commit_timelocked_weights':
        return commitTimelocked(call, signer);
      case 'serve_axon':
      case 'serve_axon_tls':
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
      case 'named':
        throw new SubnetError('CHAIN_UNSUPPORTED', { call: `${call.pallet}.${call.name}` });
    }
  }

  function mechanismOf(netuid: number, mecid = 0): [FakeSubnet, FakeMechanism] {
    const net = subnets.get(netuid);
    const mechanism = net?.mechanisms[mecid];
    if (net === undefined || mechanism === undefined)
      throw dispatchRefusal('MechanismDoesNotExist');
    return [net, mechanism];
  }

  function lastUpdateOf(net: FakeSubnet, mecid: number, uid: number): number {
    if (mecid === 0) return net.neurons[uid]?.lastUpdate ?? 0;
    return net.mechanisms[mecid]?.lastUpdate[uid] ?? 0;
  }

  function touch(net: FakeSubnet, mecid: number, uid: number): void {
    if (mecid === 0) net.neurons[uid] = { ...neuron(net, uid), lastUpdate: number };
    else (net.mechanisms[mecid] as FakeMechanism).lastUpdate[uid] = number;
  }

  const uidIn = (net: FakeSubnet, signer: Ss58): number =>
    net.neurons.findIndex((one) => one.hotkey === signer);

  function setWeights(call: ChainCall & { call: 'set_weights' }, signer: Ss58): ChainEvent[] {
    const { netuid, mecid = 0 } = call;
    const [net] = mechanismOf(netuid, mecid);
    const uid = uidIn(net, signer);
    checkStaked(net, uid);
    const limited = !net.hyperparams.commitRevealEnabled && uid >= 0;
    if (limited && tooFast(lastUpdateOf(net, mecid, uid), net.hyperparams, number))
      throw poolRefusal('SettingWeightsTooFast', 6);
    if (net.hyperparams.commitRevealEnabled) throw dispatchRefusal('CommitRevealEnabled');
    storeRow(net, mecid, signer, call);
    touch(net, mecid, uid);
    return [{ name: 'SubtensorModule.WeightsSet', args: [indexOf(net, mecid), uid] }];
  }

  /** The set path without its clock: what a reveal runs too. */
  function storeRow(
    net: FakeSubnet,
    mecid: number,
    signer: Ss58,
    row: { uids: readonly number[]; values: readonly number[]; versionKey: bigint },
  ): void {
    const uid = uidIn(net, signer);
    checkWeights(net, uid, row);
    const top = Math.max(0, ...row.values);
    const stored = row.uids.map((to, at) => [to, upscale(row.values[at] ?? 0, top)] as const);
    net.mechanisms[mecid]?.weights.set(uid, stored);
  }

  function commitHash(call: ChainCall & { call: 'commit_weights' }, who: Ss58): ChainEvent[] {
    const { netuid, mecid = 0, hash } = call;
    if (!runtime.commits.hash) throw new SubnetError('CHAIN_UNSUPPORTED', { call: call.call });
    const [net, mechanism] = mechanismOf(netuid, mecid);
    const uid = uidIn(net, who);
    checkStaked(net, uid);
    if (uid >= 0 && tooFast(lastUpdateOf(net, mecid, uid), net.hyperparams, number))
      throw poolRefusal('CommittingWeightsTooFast', 6);
    checkCommitting(net, uid);
    const alive = mechanism.hashCommits.filter((one) => one.who !== who || !isExpired(net, one));
    if (alive.filter((one) => one.who === who).length >= mostPendingCommits)
      throw dispatchRefusal('TooManyUnrevealedCommits');
    mechanism.hashCommits = [...alive, { who, hash, epoch: epochNow(net), block: number }];
    touch(net, mecid, uid);
    return [{ name: 'SubtensorModule.WeightsCommitted', args: [who, indexOf(net, mecid), hash] }];
  }

  const isExpired = (net: FakeSubnet, commit: HashCommit): boolean =>
    epochNow(net) > commit.epoch + net.hyperparams.commitRevealPeriod;

  const isOpenNow = (net: FakeSubnet, commit: HashCommit): boolean =>
    epochNow(net) === commit.epoch + net.hyperparams.commitRevealPeriod;

  function revealHash(call: ChainCall & { call: 'reveal_weights' }, who: Ss58): ChainEvent[] {
    const { netuid, mecid = 0, salt, versionKey } = call;
    const [net, mechanism] = mechanismOf(netuid, mecid);
    checkStaked(net, uidIn(net, who));
    const hash = commitHashOf(who, indexOf(net, mecid), call, salt, versionKey);
    const own = mechanism.hashCommits.filter((one) => one.who === who);
    const found = own.find((one) => one.hash === hash);
    if (found === undefined) throw poolRefusal('NoWeightsCommitFound', 16);
    if (isExpired(net, found)) throw dispatchRefusal('ExpiredWeightCommit');
    if (!isOpenNow(net, found)) throw poolRefusal('RevealTooEarly', 17);
    if (!net.hyperparams.commitRevealEnabled) throw dispatchRefusal('CommitRevealDisabled');
    storeRow(net, mecid, who, call);
    const older = own.slice(0, own.indexOf(found) + 1);
    mechanism.hashCommits = mechanism.hashCommits.filter((one) => !older.includes(one));
    return [{ name: 'SubtensorModule.WeightsRevealed', args: [who, indexOf(net, mecid), hash] }];
  }

  function commitTimelocked(
    call: ChainCall & { call: 'commit_timelocked_weights' },
    who: Ss58,
  ): ChainEvent[] {
    const { netuid, mecid = 0, commit: bytes, revealRound } = call;
    if (!runtime.commits.timelocked)
      throw new SubnetError('CHAIN_UNSUPPORTED', { call: call.call });
    const [net, mechanism] = mechanismOf(netuid, mecid);
    const uid = uidIn(net, who);
    checkStaked(net, uid);
    if (!net.hyperparams.commitRevealEnabled) throw dispatchRefusal('CommitRevealDisabled');
    if (call.version !== commitVersion) throw dispatchRefusal('IncorrectCommitRevealVersion');
    checkCommitting(net, uid);
    if (tooFast(lastUpdateOf(net, mecid, uid), net.hyperparams, number))
      throw dispatchRefusal('CommittingWeightsTooFast');
    const epoch = epochNow(net) + (runtime.epochs === 'modulo' && isDue(net) ? 1 : 0);
    const mine = mechanism.timelocked.filter((one) => one.who === who && one.epoch === epoch);
    if (mine.length >= mostPendingCommits) throw dispatchRefusal('TooManyUnrevealedCommits');
    mechanism.timelocked = [
      ...mechanism.timelocked,
      { who, bytes: bytes.slice(), epoch, block: number, revealRound },
    ];
    touch(net, mecid, uid);
    const name = 'SubtensorModule.TimelockedWeightsCommitted';
    return [{ name, args: [who, indexOf(net, mecid), blake2Hex(bytes), revealRound] }];
  }

  function serveAxon(call: ServeCall, signer: Ss58): ChainEvent[] {
    const net = subnets.get(call.netuid);
    const uid = net?.neurons.findIndex((one) => one.hotkey === signer) ?? -1;
    if (net === undefined || uid < 0) throw poolRefusal('HotKeyNotRegisteredInNetwork', 10);
    if (call.ip === '127.0.0.1' || call.ip === '::1') throw poolRefusal('InvalidIpAddress', 11);
    const served = neuron(net, uid).axon;
    if (served !== null && number - served.block < net.hyperparams.servingRateLimit)
      throw poolRefusal('ServingRateLimitExceeded', 12);
    if (call.port === 0) throw poolRefusal('InvalidPort', 13);
    net.neurons[uid] = { ...neuron(net, uid), axon: axonOf(call, number) };
    if (call.call === 'serve_axon_tls') net.tlsKeys.set(signer, call.tlsKey);
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
    if (call.name === 'sudo_set_mechanism_count')
      patchSubnet(netuid, { mechanisms: Number(value) });
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
      netuid,
      hyperparams: { ...fakeHyperparams, ...options.hyperparams },
      stakeThresholdRao: options.stakeThresholdRao ?? 0n,
      ownerHotkey: options.ownerHotkey ?? null,
      lastEpochBlock: number,
      pendingEpochAt: 0,
      epochIndex: 0,
      blocksSinceLastStep: 0,
      started: false,
      neurons: [],
      mechanisms: newMechanisms(options.mechanisms ?? 1),
      tlsKeys: new Map(),
    });
  }

  function patchSubnet(netuid: number, options: FakeSubnetOptions): void {
    const net = subnet(netuid);
    net.hyperparams = { ...net.hyperparams, ...options.hyperparams };
    net.stakeThresholdRao = options.stakeThresholdRao ?? net.stakeThresholdRao;
    net.ownerHotkey = options.ownerHotkey ?? net.ownerHotkey;
    const wanted = options.mechanisms ?? net.mechanisms.length;
    const added = newMechanisms(Math.max(0, wanted - net.mechanisms.length));
    net.mechanisms = [...net.mechanisms.slice(0, wanted), ...added];
  }

  function fund(address: Ss58, freeRao: bigint): void {
    balances.set(address, freeRao);
  }

  function replaceNeuron(netuid: number, uid: number, options: FakeNeuronOptions): void {
    const net = subnet(netuid);
    net.tlsKeys.delete(neuron(net, uid).hotkey);
    net.neurons[uid] = newNeuron(uid, {
      blockAtRegistration: number,
      lastUpdate: number,
      ...options,
    });
    for (const mechanism of net.mechanisms) {
      mechanism.lastUpdate[uid] = number;
      mechanism.weights.delete(uid);
      for (const [from, row] of mechanism.weights)
        mechanism.weights.set(
          from,
          row.map(([to, value]) => [to, to === uid ? 0 : value] as const),
        );
    }
  }

  /** Like a node that was just started: it counts its pool, and remembers no other's signatures. */
  function nextNonce(signer: Ss58): number {
    const held = late.filter((one) => one.signer === signer).map(({ nonce }) => nonce + 1);
    return Math.max(nonces.get(signer) ?? 0, ...held);
  }

  const extrinsicHashOf = (nonce: number): string => hashOf(nonce + 1_000_000_000);

  /** What fails in its block has used its nonce; what the pool refuses has not. */
  function submitNow({ call, signer, nonce }: Omit<Waiting, 'block'>): TxOutcome {
    try {
      const made = apply(call, signer);
      emit(...made);
      nonces.set(signer, nonce + 1);
      const extrinsicHash = extrinsicHashOf(nonce);
      return { kind: 'included', block: head(), extrinsicHash, events: made, finalised: true };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.where === 'dispatch') nonces.set(signer, nonce + 1);
      return refused(error, head());
    }
  }

  /** No block has a nonce before the one below it: a pool gives away both, in their order. */
  function landBelow(signer: Ss58, nonce: number): void {
    const below = late.filter((one) => one.signer === signer && one.nonce < nonce);
    for (const one of below) submitNow(late.splice(late.indexOf(one), 1)[0] ?? one);
  }

  async function submit(
    call: ChainCall,
    { ss58 }: Signer,
    { onSigned, nonce: given }: SubmitOptions = {},
  ): Promise<TxOutcome> {
    reachable();
    const nonce = given ?? nextNonce(ss58);
    const lastBlock = number + (options.eraBlocks ?? 64);
    const signed = { extrinsicHash: extrinsicHashOf(nonce), nonce, lastBlock };
    // Several that are sent at once have their blocks at once.
    if (onSigned !== undefined) await onSigned(signed);
    if (blockPerSubmission) makeBlock();
    submissions.push({ call, hotkey: ss58, block: number, nonce });
    const answer = scripted.shift();
    const sent = { call, signer: ss58, nonce };
    if (nonce < (nonces.get(ss58) ?? 0)) return refused(poolRefusal('Stale'), head());
    if (late.some((one) => one.signer === ss58 && one.nonce === nonce)) {
      return { kind: 'unknown', message: 'another with its nonce waits in the pool' };
    }
    if (answer === undefined || answer.apply === true) landBelow(ss58, nonce);
    if (answer === undefined) return submitNow(sent);
    const { outcome, apply: applied = false, afterBlocks = 0 } = answer;
    if (applied && afterBlocks === 0) submitNow(sent);
    else if (applied) late.push({ ...sent, block: number + afterBlocks });
    return outcome;
  }

  async function snapshot(netuid: number): Promise<Snapshot> {
    reachable();
    const net = subnet(netuid);
    return {
      netuid,
      block: head(),
      hyperparams: net.hyperparams,
      stakeThresholdRao: net.stakeThresholdRao,
      lastEpochBlock: lastEpoch(net),
      nextEpochBlock: nextEpoch(net),
      epoch: schedule(net),
      chainTimeMs: chainTimeMs(),
      blockTimeMs,
      commitRevealVersion: runtime.commits.timelocked ? commitVersion : null,
      ownerHotkey: net.ownerHotkey,
      ownerColdkey: net.ownerHotkey === null ? null : (owners.get(net.ownerHotkey) ?? null),
      mechanisms: net.mechanisms.map((_, mecid) => ({
        mecid,
        lastUpdate: net.neurons.map(({ uid }) => lastUpdateOf(net, mecid, uid)),
        incentive: net.neurons.map(({ incentive }) => (mecid === 0 ? incentive : 0)),
      })),
      neurons: [...net.neurons],
    };
  }

  function schedule(net: FakeSubnet): EpochSchedule {
    const { blocksSinceLastStep, lastEpochBlock, pendingEpochAt, epochIndex } = net;
    const { tempo } = net.hyperparams;
    if (runtime.epochs === 'modulo') return { model: 'modulo', tempo, blocksSinceLastStep };
    return {
      model: 'stateful',
      tempo,
      lastEpochBlock,
      pendingEpochAt,
      epochIndex,
      blocksSinceLastStep,
    };
  }

  function lastEpoch(net: FakeSubnet): number {
    const { tempo } = net.hyperparams;
    if (runtime.epochs === 'stateful' || tempo === 0) return net.lastEpochBlock;
    for (let block = number; block > 0; block -= 1)
      if (epochDue(net, 'modulo', tempo, net.netuid, block)) return block;
    return 0;
  }

  function nextEpoch(net: FakeSubnet): number | null {
    const { tempo } = net.hyperparams;
    if (tempo === 0) return null;
    for (let block = number + 1; ; block += 1)
      if (epochDue(net, runtime.epochs, tempo, net.netuid, block)) return block;
  }

  function endpointsNow(): readonly EndpointState[] {
    if (endpoints !== null) return endpoints;
    return [
      {
        url: 'ws://fake',
        state: connected ? 'in-use' : 'failed',
        score: connected ? 1 : 0,
        latencyMs: 1,
        headBlock: number,
        failures: connected ? 0 : 1,
        problem: connected ? null : 'it was disconnected',
      },
    ];
  }

  async function pendingCommits(
    netuid: number,
    mecid: number,
    hotkey: Hotkey,
  ): Promise<readonly PendingCommit[]> {
    reachable();
    const mechanism = subnet(netuid).mechanisms[mecid];
    if (mechanism === undefined) return [];
    const stateful = runtime.epochs === 'stateful';
    const hashes = mechanism.hashCommits.filter(({ who }) => who === hotkey);
    const locked = mechanism.timelocked.filter(({ who }) => who === hotkey);
    return [
      ...hashes.map((one) => pendingHash(one, stateful)),
      ...locked.map(pendingTimelocked),
    ].sort((a, b) => a.block - b.block);
  }

  return {
    genesisHash: hashOf(0),
    get runtime() {
      return runtime;
    },
    endpoints: endpointsNow,
    pendingCommits,
    async beacon() {
      reachable();
      return beacon;
    },
    async hasPulse(round) {
      reachable();
      return pulses.has(round);
    },
    async eventsAt(block) {
      reachable();
      if (block.number > number || block.number < eventsFrom)
        throw new SubnetError('CHAIN_NO_BLOCK', { block: block.number });
      return events.get(block.number) ?? [];
    },
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
      return hashOf(at, forkOf(at));
    },
    async weightsOf(netuid, uid, mecid = 0) {
      reachable();
      return subnet(netuid).mechanisms[mecid]?.weights.get(uid) ?? [];
    },
    async uidOf(netuid, hotkey) {
      reachable();
      const uid = subnets.get(netuid)?.neurons.findIndex((one) => one.hotkey === hotkey) ?? -1;
      return uid < 0 ? null : uid;
    },
    async tlsKeys(netuid) {
      reachable();
      return new Map(subnet(netuid).tlsKeys);
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
    setBack(blocks) {
      number -= blocks;
      for (const listener of listeners) listener(head());
      return head();
    },
    addNeuron: (netuid, options) => append(subnet(netuid), options),
    patchNeuron(netuid, uid, patch) {
      const net = subnet(netuid);
      net.neurons[uid] = { ...neuron(net, uid), ...patch };
    },
    setWeightsRow(netuid, uid, row, mecid = 0) {
      subnet(netuid).mechanisms[mecid]?.weights.set(uid, row);
    },
    triggerEpoch(netuid, atBlock) {
      subnet(netuid).pendingEpochAt = atBlock;
    },
    stopBeacon() {
      beaconRuns = false;
    },
    startBeacon() {
      beaconRuns = true;
    },
    upgrade(more) {
      runtime = { ...runtime, specVersion: runtime.specVersion + 1, ...more };
    },
    setEndpoints(states) {
      endpoints = states;
    },
    forgetEventsBelow(block) {
      eventsFrom = block;
    },
    answerNextSubmit(outcome, more = {}) {
      scripted.push({ outcome, ...more });
    },
    keep() {
      const then = { number, subnets: structuredClone(subnets), nonces: new Map(nonces) };
      return () => {
        number = then.number;
        subnets.clear();
        for (const [netuid, net] of structuredClone(then.subnets)) subnets.set(netuid, net);
        for (const block of events.keys()) if (block > number) events.delete(block);
        for (const [signer, nonce] of then.nonces) nonces.set(signer, nonce);
        for (const signer of nonces.keys()) if (!then.nonces.has(signer)) nonces.delete(signer);
        forks.push(number + 1);
      };
    },
    disconnect() {
      connected = false;
    },
    reconnect() {
      connected = true;
    },
  };
}

function indexOf({ netuid }: FakeSubnet, mecid: number): number {
  return mecid * mechanismStride + netuid;
}

function newMechanisms(count: number): FakeMechanism[] {
  return Array.from({ length: count }, () => ({
    weights: new Map<number, WeightRow>(),
    lastUpdate: [],
    hashCommits: [],
    timelocked: [],
  }));
}

function isOwner(net: FakeSubnet, uid: number): boolean {
  return net.ownerHotkey !== null && net.neurons[uid]?.hotkey === net.ownerHotkey;
}

/** What the pool looks at for every call of weights (facts of the chain, 1.2). */
function checkStaked(net: FakeSubnet, uid: number): void {
  const caller = net.neurons[uid];
  if (caller === undefined || isOwner(net, uid)) return;
  if (caller.totalStakeRao < net.stakeThresholdRao)
    throw poolRefusal('NotEnoughStakeToSetWeights', 1);
}

function checkCommitting(net: FakeSubnet, uid: number): void {
  if (!net.hyperparams.commitRevealEnabled) throw dispatchRefusal('CommitRevealDisabled');
  if (uid < 0) throw dispatchRefusal('HotKeyNotRegisteredInSubNet');
}

/** The order of the chain's set path (facts of the chain, 2.1). */
function checkWeights(
  net: FakeSubnet,
  uid: number,
  row: { uids: readonly number[]; values: readonly number[]; versionKey: bigint },
): void {
  const { hyperparams: limits, neurons } = net;
  const caller = neurons[uid];
  if (row.uids.length !== row.values.length) throw dispatchRefusal('WeightVecNotEqualSize');
  if (row.uids.length > neurons.length) throw dispatchRefusal('UidsLengthExceedUidsInSubNet');
  if (caller === undefined) throw dispatchRefusal('HotKeyNotRegisteredInSubNet');
  if (!isOwner(net, uid) && caller.totalStakeRao < net.stakeThresholdRao)
    throw dispatchRefusal('NotEnoughStakeToSetWeights');
  if (limits.weightsVersionKey !== 0n && row.versionKey < limits.weightsVersionKey)
    throw dispatchRefusal('IncorrectWeightVersionKey');
  const aimedAtSelf = row.uids.length === 1 && row.uids[0] === uid;
  if (!caller.validatorPermit && !aimedAtSelf && !isOwner(net, uid))
    throw dispatchRefusal('NeuronNoValidatorPermit');
  if (new Set(row.uids).size !== row.uids.length) throw dispatchRefusal('DuplicateUids');
  if (row.uids.some((target) => target >= neurons.length))
    throw dispatchRefusal('UidVecContainInvalidOne');
  if (!aimedAtSelf && row.uids.length < Math.min(limits.minAllowedWeights, neurons.length))
    throw dispatchRefusal('WeightVecLengthIsLow');
}

function tooFast(lastUpdate: number, limits: SubnetHyperparams, now: number): boolean {
  return lastUpdate !== 0 && now - lastUpdate < limits.weightsRateLimit;
}

function upscale(value: number, top: number): number {
  return top === 0 ? 0 : Math.round((value * 65_535) / top);
}

type ServeCall = Extract<ChainCall, { call: 'serve_axon' | 'serve_axon_tls' }>;

function axonOf(call: ServeCall, block: number): AxonInfo {
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

/** Stake-weighted mean of the permitted validators' rows; permits go to the largest stakes. */
function runEpoch(net: FakeSubnet, block: number): void {
  net.lastEpochBlock = block;
  net.pendingEpochAt = 0;
  net.epochIndex += 1;
  net.blocksSinceLastStep = 0;
  const gains = net.neurons.map(() => 0);
  const stakes = net.neurons.map((one) => (one.validatorPermit ? Number(one.totalStakeRao) : 0));
  const rows = net.mechanisms.flatMap(({ weights }) => [...weights]);
  for (const [from, row] of rows) {
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
