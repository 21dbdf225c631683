import type { ReplayParams, ReplayStep } from './yuma-api.ts';
import {
  asBoolean,
  asInteger,
  asList,
  asNumber,
  asObject,
  asSigned16,
  asText,
  asU16,
  asU32,
  CaseProblem,
  complain,
  Fields,
  isObject,
  uidEntries,
  type Place,
} from './yuma-read.ts';

type StoredRow = readonly (readonly [number, number])[];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** An epoch of the case: where it stands and what it is expected to give. */
export interface EpochPlace {
  readonly step: Place;
  readonly block: number;
  /** Uids that are replaced before the next epoch. */
  readonly replacedAfter: ReadonlySet<number>;
}

/** A case of kind `epoch_sequence` as the runtime takes it. */
export interface SequencePlan {
  readonly neurons: number;
  readonly steps: readonly ReplayStep[];
  /** For every runtime step, the place in the case that asked for it. */
  readonly origins: readonly string[];
  readonly epochs: readonly EpochPlace[];
}

const defaultEmission = 1_000_000_000n;
const mostNeurons = 4096;
const u64Max = (1n << 64n) - 1n;

/** Reads a whole case; throws a CaseProblem at the first thing that it does not know. */
export function planSequence(fields: Fields): SequencePlan {
  const plan = new Planner(fields);
  plan.begin();
  for (const step of asList(fields.required('steps'))) plan.take(step);
  return plan.finished();
}

/** Where the parameters of a case go. */
type Setter = (params: Mutable<ReplayParams>, place: Place, planner: Planner) => void;

const setters: Readonly<Record<string, Setter>> = {
  tempo: (params, place) => (params.tempo = asU16(place)),
  kappa: (params, place) => (params.kappa = asU16(place)),
  bonds_penalty: (params, place) => (params.bondsPenalty = asU16(place)),
  bonds_moving_average: (params, place) => (params.bondsMovingAverage = asInteger(place)),
  max_allowed_validators: (params, place) => (params.maxAllowedValidators = asU16(place)),
  yuma3: (params, place) => (params.yuma3 = asBoolean(place)),
  yuma_version: (params, place) => (params.yuma3 = asU16(place) === 3),
  liquid_alpha: (params, place) => (params.liquidAlpha = asBoolean(place)),
  alpha_low: (params, place) => (params.alphaLow = asU16(place)),
  alpha_high: (params, place) => (params.alphaHigh = asU16(place)),
  alpha_sigmoid_steepness: (params, place) => (params.alphaSigmoidSteepness = asSigned16(place)),
  stake_threshold: (params, place) => (params.stakeThreshold = asInteger(place)),
  owner_uid: (params, place, planner) =>
    (params.ownerUid = place.json === null ? undefined : planner.uid(place)),
  activity_cutoff_factor_milli: (params, place) =>
    (params.activityCutoffFactorMilli = asU32(place)),
  tao_weight: (params, place) => (params.taoWeight = taoWeight(place)),
  last_mechanism_step_block: (params, place) => (params.lastMechanismStepBlock = asInteger(place)),
  commit_reveal: (params, place) => (params.commitReveal = asBoolean(place)),
  bonds_reset: (params, place) => (params.bondsReset = asBoolean(place)),
  emission: (_params, place, planner) => planner.setEmission(asInteger(place)),
};

const otherNames: Readonly<Record<string, string>> = {
  max_validators: 'max_allowed_validators',
  yuma3_enabled: 'yuma3',
  liquid_alpha_enabled: 'liquid_alpha',
  commit_reveal_enabled: 'commit_reveal',
  commit_reveal_weights_enabled: 'commit_reveal',
  bonds_reset_enabled: 'bonds_reset',
  last_mechansim_step_block: 'last_mechanism_step_block',
  rao_emission: 'emission',
  epoch_emission: 'emission',
  alpha_steepness: 'alpha_sigmoid_steepness',
};

/** The name without its unit; `undefined` if there is no such parameter. */
function parameterName(name: string): string | undefined {
  const bare = name.replace(/_(u16|ppm|on)$/, '');
  return [name, bare]
    .map((candidate) => otherNames[candidate] ?? candidate)
    .find((candidate) => Object.hasOwn(setters, candidate));
}

/** Whole numbers are fractions of the largest u64, others fractions of one. */
function taoWeight(place: Place): bigint {
  const value = asNumber(place);
  if (Number.isInteger(value)) return asInteger(place);
  if (value < 0 || value > 1) return complain(place.path, 'a fraction', place.json);
  return BigInt(Math.floor(value * 2 ** 53)) << 11n;
}

function defaultParams(): Mutable<ReplayParams> {
  return {
    tempo: 360,
    kappa: 32_767,
    bondsPenalty: 65_535,
    bondsMovingAverage: 900_000n,
    maxAllowedValidators: 64,
    yuma3: false,
    liquidAlpha: false,
    alphaLow: 45_875,
    alphaHigh: 58_982,
    alphaSigmoidSteepness: 1000,
    stakeThreshold: 0n,
    ownerUid: undefined,
    activityCutoffFactorMilli: 13_889,
    taoWeight: 0n,
    lastMechanismStepBlock: 0n,
    commitReveal: false,
    bondsReset: true,
  };
}

class Planner {
  private readonly fields: Fields;
  private readonly params = defaultParams();
  private readonly steps: ReplayStep[] = [];
  private readonly origins: string[] = [];
  private readonly epochs: (EpochPlace & { readonly replacedAfter: Set<number> })[] = [];
  private readonly n: number;
  private readonly alpha: bigint[];
  private readonly root: bigint[];
  private readonly permits: boolean[];
  private readonly lastUpdate: bigint[];
  private readonly registered: bigint[];
  private emission = defaultEmission;
  private block = 0;
  private at: string;

  constructor(fields: Fields) {
    this.fields = fields;
    this.at = fields.path;
    const stakes = fields.required('stakes', 'stake');
    this.n = neuronCount(fields, stakes);
    this.alpha = Array.from({ length: this.n }, () => 0n);
    this.root = [...this.alpha];
    this.permits = Array.from({ length: this.n }, () => false);
    this.lastUpdate = [...this.alpha];
    this.registered = [...this.alpha];
    this.fill(this.alpha, stakes, asInteger);
    const root = fields.optional('root_stakes', 'tao_stakes', 'root_stake', 'tao_stake');
    if (root !== undefined) this.fill(this.root, root, asInteger);
  }

  /** Parameters and the state before the first step. */
  begin(): void {
    const params = new Fields(this.fields.required('params'));
    params.optional('n', 'neurons');
    const start = params.optional('start_block', 'block');
    if (start !== undefined) this.setBlock(asU32(start));
    for (const [name, place] of params.rest()) this.configure(name, place);
    this.pushParams();
    const initial = this.fields.optional('initial');
    this.begun(new Fields(initial ?? { json: {}, path: `${this.fields.path}.initial` }));
  }

  private begun(initial: Fields): void {
    const start = BigInt(this.block);
    this.lastUpdate.fill(start);
    this.registered.fill(start);
    this.initially(initial, ['last_update'], this.lastUpdate, asInteger);
    this.initially(initial, ['block_at_registration', 'registered'], this.registered, asInteger);
    this.initially(initial, ['validator_permit', 'permits'], this.permits, asBoolean);
    this.initially(initial, ['stakes', 'stake'], this.alpha, asInteger);
    this.initially(initial, ['root_stakes', 'tao_stakes'], this.root, asInteger);
    for (let uid = 0; uid < this.n; uid += 1) this.pushStake(uid);
    this.pushVectors();
    this.initialRows(initial.optional('weights'), 'PutWeights');
    this.initialRows(initial.optional('bonds'), 'PutBonds');
    const commits = initial.optional('commit_blocks', 'commits');
    if (commits !== undefined) this.setCommitBlocks(commits);
    initial.done();
  }

  private initially<T>(
    initial: Fields,
    names: readonly string[],
    target: T[],
    read: (place: Place) => T,
  ): void {
    const place = initial.optional(...names);
    if (place !== undefined) this.fill(target, place, read);
  }

  /** One step of the case. */
  take(place: Place): void {
    this.at = place.path;
    const step = new Fields(place);
    const op = asText(step.required('op'));
    const operation = operations[op];
    if (operation !== undefined && Object.hasOwn(operations, op)) operation(this, step, place);
    else if (op.startsWith('set_')) this.setParameter(op.slice(4), step);
    else throw new CaseProblem(`${place.path}: unknown op ${op}`);
    step.done();
  }

  finished(): SequencePlan {
    if (this.epochs.length === 0) throw new CaseProblem(`${this.fields.path}: no step is an epoch`);
    return {
      neurons: this.n,
      steps: this.steps,
      origins: this.origins,
      epochs: this.epochs,
    };
  }

  uid(place: Place): number {
    const uid = asU16(place);
    return uid < this.n ? uid : complain(place.path, `a uid below ${this.n}`, place.json);
  }

  /** The uid or the uids that a step is about. */
  uids(step: Fields): readonly number[] {
    const several = step.optional('uids', 'validators');
    if (several !== undefined) return asList(several).map((place) => this.uid(place));
    return [this.uid(step.required('uid', 'validator'))];
  }

  push(step: ReplayStep): void {
    this.steps.push(step);
    this.origins.push(this.at);
  }

  setEmission(emission: bigint): void {
    this.emission = emission;
  }

  setBlock(block: number): void {
    if (block > 0xffff_ffff) throw new CaseProblem(`${this.at}: the block number is too large`);
    this.block = block;
    this.push({ kind: 'SetBlock', value: block });
  }

  advance(blocks: number): void {
    this.setBlock(this.block + blocks);
  }

  private configure(name: string, place: Place): void {
    const known = parameterName(name);
    const setter = known === undefined ? undefined : setters[known];
    if (setter === undefined) throw new CaseProblem(`${place.path}: unknown parameter`);
    setter(this.params, place, this);
  }

  private pushParams(): void {
    this.push({ kind: 'Configure', value: { ...this.params } });
  }

  /** `set_<parameter>` with its value under its own name or under `value`. */
  private setParameter(name: string, step: Fields): void {
    const known = parameterName(name);
    if (known === undefined) throw new CaseProblem(`${this.at}: unknown op set_${name}`);
    const value = step.optional('value', 'enabled', name, known, `${known}_u16`, `${known}_on`);
    if (value === undefined) return this.setParameters(step);
    this.configure(known, value);
    this.pushParams();
  }

  setParameters(step: Fields): void {
    const params = step.optional('params', 'parameters');
    const named = params === undefined ? step.rest() : new Fields(params).rest();
    if (named.length === 0) throw new CaseProblem(`${this.at}: no parameter is named`);
    for (const [name, place] of named) this.configure(name, place);
    this.pushParams();
  }

  setStake(step: Fields, target: 'alpha' | 'root'): void {
    const all = step.optional('stakes', 'root_stakes', 'tao_stakes');
    if (all !== undefined) {
      this.fill(this[target], all, asInteger);
      for (let uid = 0; uid < this.n; uid += 1) this.pushStake(uid);
      return;
    }
    const stake = asInteger(step.required('stake', 'value', 'amount'));
    for (const uid of this.uids(step)) this.putStake(uid, stake, target);
  }

  /** Adds when `sign` is 1n, takes away when it is -1n. */
  changeStake(step: Fields, sign: 1n | -1n): void {
    const amount = asInteger(step.required('amount', 'stake', 'value'));
    for (const uid of this.uids(step)) {
      const stake = (this.alpha[uid] ?? 0n) + sign * amount;
      if (stake < 0n || stake > u64Max) throw new CaseProblem(`${this.at}: no such stake`);
      this.putStake(uid, stake, 'alpha');
    }
  }

  private putStake(uid: number, stake: bigint, target: 'alpha' | 'root'): void {
    this[target][uid] = stake;
    this.pushStake(uid);
  }

  private pushStake(uid: number): void {
    const value = { uid, alpha: this.alpha[uid] ?? 0n, root: this.root[uid] ?? 0n };
    this.push({ kind: 'SetStake', value });
  }

  private pushVectors(): void {
    this.push({ kind: 'SetPermits', value: [...this.permits] });
    this.push({ kind: 'SetLastUpdate', value: [...this.lastUpdate] });
    this.push({ kind: 'SetRegistered', value: [...this.registered] });
  }

  setPermits(step: Fields): void {
    this.setVector(step, this.permits, ['permits', 'validator_permit', 'permit'], asBoolean);
    this.push({ kind: 'SetPermits', value: [...this.permits] });
  }

  setLastUpdate(step: Fields): void {
    this.setVector(step, this.lastUpdate, ['last_update', 'block'], asInteger);
    this.push({ kind: 'SetLastUpdate', value: [...this.lastUpdate] });
  }

  setRegistered(step: Fields): void {
    this.setVector(step, this.registered, ['block_at_registration', 'block'], asInteger);
    this.push({ kind: 'SetRegistered', value: [...this.registered] });
  }

  private setVector<T>(
    step: Fields,
    target: T[],
    names: readonly string[],
    read: (place: Place) => T,
  ): void {
    const value = step.required(...names, 'value', 'values');
    const uid = step.optional('uid');
    if (uid === undefined) this.fill(target, value, read);
    else target[this.uid(uid)] = read(value);
  }

  setWeights(step: Fields): void {
    const { dests, values } = this.sentWeights(step);
    const committed = step.optional('commit_block', 'committed_at');
    for (const uid of this.uids(step)) {
      this.push({ kind: 'SetWeights', value: { uid, dests, values } });
      this.lastUpdate[uid] = BigInt(this.block);
      if (committed !== undefined) this.pushCommit(uid, BigInt(asU32(committed)));
    }
  }

  /** `dests` and `values` as lists, a row of pairs, or an object by uid. */
  private sentWeights(step: Fields) {
    const dests = step.optional('dests', 'destinations', 'miners');
    const values = step.required('values', 'weights', 'row', 'value');
    if (dests === undefined) {
      const row = this.row(values);
      return { dests: row.map(([uid]) => uid), values: row.map(([, value]) => value) };
    }
    const targets = asList(dests).map(asU16);
    const sent = Array.isArray(values.json)
      ? asList(values).map(asU16)
      : targets.map(() => asU16(values));
    if (sent.length !== targets.length) {
      complain(values.path, `${targets.length} values`, values.json);
    }
    return { dests: targets, values: sent };
  }

  replace(step: Fields): void {
    const stake = step.optional('stake', 'alpha');
    const root = step.optional('root_stake', 'tao_stake');
    for (const uid of this.uids(step)) {
      const alpha = stake === undefined ? 0n : asInteger(stake);
      this.push({ kind: 'Replace', value: { uid, alpha } });
      this.alpha[uid] = alpha;
      this.root[uid] = root === undefined ? 0n : asInteger(root);
      this.pushStake(uid);
      this.permits[uid] = false;
      this.lastUpdate[uid] = BigInt(this.block);
      this.registered[uid] = BigInt(this.block);
      this.epochs.at(-1)?.replacedAfter.add(uid);
    }
  }

  resetBonds(step: Fields): void {
    for (const uid of this.uids(step)) this.push({ kind: 'ResetBonds', value: uid });
  }

  /** A commit moves the validator's last update, as on the chain. */
  commit(step: Fields): void {
    const place = step.optional('block', 'commit_block');
    const block = place === undefined ? this.block : asU32(place);
    for (const uid of this.uids(step)) {
      this.pushCommit(uid, BigInt(block));
      this.lastUpdate[uid] = BigInt(block);
    }
    this.push({ kind: 'SetLastUpdate', value: [...this.lastUpdate] });
  }

  forgetCommit(step: Fields): void {
    for (const uid of this.uids(step)) this.pushCommit(uid, undefined);
  }

  /** Blocks by uid; null and the largest u64 stand for no commit. */
  setCommitBlocks(place: Place): void {
    const blocks = Array.from<bigint | undefined>({ length: this.n });
    if (place.json !== 'none' && place.json !== 'empty')
      this.fill(blocks, place, (item) => {
        const block = item.json === null ? u64Max : asInteger(item);
        return block === u64Max ? undefined : block;
      });
    for (const [uid, block] of blocks.entries()) this.pushCommit(uid, block);
  }

  private pushCommit(uid: number, block: bigint | undefined): void {
    this.push({ kind: 'SetCommitBlock', value: { uid, block } });
  }

  private initialRows(place: Place | undefined, kind: 'PutWeights' | 'PutBonds'): void {
    if (place === undefined || place.json === 'empty') return;
    this.putRows(place, kind);
  }

  putRows(place: Place, kind: 'PutWeights' | 'PutBonds'): void {
    const rows = isObject(place.json) ? uidEntries(place) : [...asList(place).entries()];
    for (const [uid, row] of rows) {
      if (uid >= this.n) throw new CaseProblem(`${row.path}: there is no such uid`);
      this.push({ kind, value: { uid, row: this.row(row) } });
    }
  }

  setRows(step: Fields, kind: 'PutWeights' | 'PutBonds', name: string): void {
    const uid = step.optional('uid');
    const value = step.required(name, 'row', 'rows', 'value');
    if (uid === undefined) return this.putRows(value, kind);
    this.push({ kind, value: { uid: this.uid(uid), row: this.row(value) } });
  }

  private row(place: Place): StoredRow {
    if (isObject(place.json)) return uidEntries(place).map(([uid, item]) => [uid, asU16(item)]);
    return asList(place).map((entry) => {
      const [uid, value] = asList(entry);
      if (uid === undefined || value === undefined) {
        return complain(entry.path, 'a uid and a value', entry.json);
      }
      return [asU16(uid), asU16(value)] as const;
    });
  }

  epoch(step: Fields, place: Place): void {
    const emission = step.optional('emission', 'rao_emission');
    const commits = step.optional('commit_blocks', 'commits');
    if (commits !== undefined) this.setCommitBlocks(commits);
    const block = step.optional('block');
    if (block !== undefined && asU32(block) !== this.block) {
      complain(block.path, `block ${this.block}, which the steps have reached`, block.json);
    }
    const due = emission === undefined ? this.emission : asInteger(emission);
    for (const name of expectationNames) step.optional(name);
    step.optional('tolerance');
    step.optional('tolerance_absolute_on_fractions');
    this.push({ kind: 'Epoch', value: due });
    this.epochs.push({ step: place, block: this.block, replacedAfter: new Set() });
  }

  /** A list, a single value for every uid, an object by uid, or one of the file's texts. */
  private fill<T>(target: T[], place: Place, read: (item: Place) => T): void {
    if (isObject(place.json)) {
      for (const [uid, item] of uidEntries(place)) {
        if (uid >= this.n) throw new CaseProblem(`${item.path}: there is no such uid`);
        target[uid] = read(item);
      }
      return;
    }
    if (!Array.isArray(place.json)) {
      target.fill(read({ json: this.everyUid(place), path: place.path }));
      return;
    }
    const items = asList(place);
    if (items.length !== this.n) complain(place.path, `${this.n} values`, place.json);
    for (const [uid, item] of items.entries()) target[uid] = read(item);
  }

  private everyUid(place: Place): Place['json'] {
    if (typeof place.json !== 'string') return place.json;
    const text = place.json.replace(/ for every uid$/, '').replace(/^all /, '');
    const words: Readonly<Record<string, Place['json']>> = {
      start_block: this.block,
      true: true,
      false: false,
      none: false,
    };
    return Object.hasOwn(words, text) ? words[text] : text;
  }
}

type Operation = (planner: Planner, step: Fields, place: Place) => void;

const operations: Readonly<Record<string, Operation>> = {
  advance: (planner, step) => advance(planner, step),
  set_block: (planner, step) => planner.setBlock(asU32(step.required('block', 'value'))),
  set_weights: (planner, step) => planner.setWeights(step),
  replace: (planner, step) => planner.replace(step),
  set_permits: (planner, step) => planner.setPermits(step),
  set_permit: (planner, step) => planner.setPermits(step),
  set_validator_permit: (planner, step) => planner.setPermits(step),
  set_last_update: (planner, step) => planner.setLastUpdate(step),
  set_block_at_registration: (planner, step) => planner.setRegistered(step),
  set_stake: (planner, step) => planner.setStake(step, 'alpha'),
  set_stakes: (planner, step) => planner.setStake(step, 'alpha'),
  set_root_stake: (planner, step) => planner.setStake(step, 'root'),
  set_root_stakes: (planner, step) => planner.setStake(step, 'root'),
  add_stake: (planner, step) => planner.changeStake(step, 1n),
  increase_stake: (planner, step) => planner.changeStake(step, 1n),
  remove_stake: (planner, step) => planner.changeStake(step, -1n),
  set_params: (planner, step) => planner.setParameters(step),
  set_param: (planner, step) => planner.setParameters(step),
  reset_bonds: (planner, step) => planner.resetBonds(step),
  bonds_reset: (planner, step) => planner.resetBonds(step),
  commit: (planner, step) => planner.commit(step),
  commit_weights: (planner, step) => planner.commit(step),
  set_commit: (planner, step) => planner.commit(step),
  set_commit_block: (planner, step) => planner.commit(step),
  uncommit: (planner, step) => planner.forgetCommit(step),
  set_commit_blocks: (planner, step) =>
    planner.setCommitBlocks(step.required('commit_blocks', 'blocks', 'value')),
  set_bonds: (planner, step) => planner.setRows(step, 'PutBonds', 'bonds'),
  put_weights: (planner, step) => planner.setRows(step, 'PutWeights', 'weights'),
  epoch: (planner, step, place) => planner.epoch(step, place),
};

export const expectationNames = ['model', 'asserted', 'expected'] as const;

function advance(planner: Planner, step: Fields): void {
  const target = step.optional('to', 'to_block');
  if (target === undefined) planner.advance(asU32(step.required('blocks')));
  else planner.setBlock(asU32(target));
}

function neuronCount(fields: Fields, stakes: Place): number {
  const place = asObject(fields.required('params'))['n'];
  const path = `${fields.path}.params.n`;
  const n = place === undefined ? asList(stakes).length : asU16({ json: place, path });
  if (n > mostNeurons) throw new CaseProblem(`${path}: more than ${mostNeurons} neurons`);
  return n;
}
