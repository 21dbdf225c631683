/**
 * The hyperparameters that a subnet's owner (or root) may set: what btcli calls them, where the
 * chain keeps them, which call changes them, and what it asks before it does. From Subtensor's
 * AdminUtils pallet (spec 425); older runtimes lack some, which their metadata tells.
 */
export interface Hyperparameter {
  /** As btcli and the chain's own list write it. */
  readonly name: string;
  /** In the subnet YAML. */
  readonly key: string;
  readonly summary: string;
  readonly kind: ValueKind;
  /** Of the raw value; what the chain itself checks further is in `rule`. */
  readonly min: bigint;
  readonly max: bigint;
  readonly rule?: string;
  /** Item of SubtensorModule, keyed by netuid. */
  readonly item: string;
  /** Setter of AdminUtils, with the name of the value's argument. */
  readonly setter: string;
  readonly argument: string;
  /** What an owner calls instead where the runtime has it; the setter is root's there. */
  readonly ownerCall?: OwnerCall;
  readonly who: 'owner' | 'root';
  /** Refused while the admin freeze window is shut, for root too. */
  readonly window: boolean;
  readonly limit: OwnerLimit;
}

/** A call of SubtensorModule for owners alone, with bounds of its own. */
export interface OwnerCall {
  readonly name: string;
  readonly argument: string;
  readonly min: bigint;
  readonly max: bigint;
  readonly limit: OwnerLimit;
}

/** How a value is written in YAML and on the command line. `tao` is RAO on chain. */
export type ValueKind = 'boolean' | 'integer' | 'tao' | 'pair' | 'factor';

/** How often an owner may change it; root is never limited. */
export type OwnerLimit =
  /** Once in OwnerHyperparamRateLimit tempos, under this name. */
  | { readonly kind: 'parameter'; readonly name: string }
  /** Once in so many blocks, or tempos, under this number of TransactionKeyLastBlock. */
  | { readonly kind: 'transaction'; readonly number: number; readonly blocks: number }
  | { readonly kind: 'version-key'; readonly number: number }
  | { readonly kind: 'none' };

const u16 = 65_535n;
const u64 = 2n ** 64n - 1n;
const blocksPerDay = 7200;
const none: OwnerLimit = { kind: 'none' };

type Row = Pick<Hyperparameter, 'name' | 'key' | 'summary' | 'item' | 'setter'> &
  Partial<Hyperparameter>;

function integer(row: Row, max: bigint): Hyperparameter {
  return entry({ kind: 'integer', max, ...row });
}

function flag(row: Row): Hyperparameter {
  return entry({ kind: 'boolean', max: 1n, ...row });
}

function amount(row: Row): Hyperparameter {
  return entry({ kind: 'tao', max: u64, ...row });
}

/** The argument is named like the setter, unless the row says otherwise. */
function entry(row: Row & Pick<Hyperparameter, 'kind' | 'max'>): Hyperparameter {
  const argument = row.setter.replace(/^sudo_set_/, '');
  return { argument, min: 0n, who: 'owner', window: true, limit: none, ...row };
}

function owned(name: string): { readonly limit: OwnerLimit } {
  return { limit: { kind: 'parameter', name } };
}

/** In the order in which a plan lists and applies them. */
export const hyperparameters: readonly Hyperparameter[] = [
  integer(
    {
      name: 'tempo',
      key: 'tempo',
      summary: 'Blocks between two epochs',
      item: 'Tempo',
      setter: 'sudo_set_tempo',
      who: 'root',
      ownerCall: {
        name: 'set_tempo',
        argument: 'tempo',
        min: 360n,
        max: 50_400n,
        limit: { kind: 'transaction', number: 11, blocks: 360 },
      },
      rule: 'a change starts the cycle anew',
    },
    u16,
  ),
  integer(
    {
      name: 'immunity_period',
      key: 'immunityPeriod',
      summary: 'Blocks after registration in which a neuron is not pruned',
      item: 'ImmunityPeriod',
      setter: 'sudo_set_immunity_period',
      ...owned('ImmunityPeriod'),
    },
    u16,
  ),
  integer(
    {
      name: 'min_allowed_weights',
      key: 'minAllowedWeights',
      summary: 'Fewest entries of a weight vector',
      item: 'MinAllowedWeights',
      setter: 'sudo_set_min_allowed_weights',
      ...owned('MinAllowedWeights'),
    },
    u16,
  ),
  integer(
    {
      name: 'max_allowed_uids',
      key: 'maxAllowedUids',
      summary: 'Seats of the subnet',
      item: 'MaxAllowedUids',
      setter: 'sudo_set_max_allowed_uids',
      rule: 'not below the seats taken, nor above 256',
      ...owned('MaxAllowedUids'),
    },
    256n,
  ),
  integer(
    {
      name: 'max_validators',
      key: 'maxValidators',
      summary: 'Most validator permits',
      item: 'MaxAllowedValidators',
      setter: 'sudo_set_max_allowed_validators',
      who: 'root',
      rule: 'at most the seats',
    },
    u16,
  ),
  integer(
    {
      name: 'weights_version',
      key: 'weightsVersion',
      summary: 'Smallest version key that weights must carry; 0 for any',
      item: 'WeightsVersionKey',
      setter: 'sudo_set_weights_version_key',
      limit: { kind: 'version-key', number: 4 },
    },
    u64,
  ),
  integer(
    {
      name: 'weights_rate_limit',
      key: 'weightsRateLimit',
      summary: 'Blocks between two weight vectors of one validator',
      item: 'WeightsSetRateLimit',
      setter: 'sudo_set_weights_set_rate_limit',
      who: 'root',
      window: false,
    },
    u64,
  ),
  flag({
    name: 'commit_reveal_weights_enabled',
    key: 'commitRevealEnabled',
    summary: 'Weights are committed first and revealed later',
    item: 'CommitRevealWeightsEnabled',
    setter: 'sudo_set_commit_reveal_weights_enabled',
    argument: 'enabled',
    ...owned('CommitRevealEnabled'),
  }),
  integer(
    {
      name: 'commit_reveal_period',
      key: 'commitRevealPeriod',
      summary: 'Epochs between the commit of weights and their reveal',
      item: 'RevealPeriodEpochs',
      setter: 'sudo_set_commit_reveal_weights_interval',
      argument: 'interval',
      min: 1n,
      ...owned('WeightCommitInterval'),
    },
    100n,
  ),
  integer(
    {
      name: 'serving_rate_limit',
      key: 'servingRateLimit',
      summary: 'Blocks between two changes of an axon; 0 for no limit',
      item: 'ServingRateLimit',
      setter: 'sudo_set_serving_rate_limit',
      ...owned('ServingRateLimit'),
    },
    u64,
  ),
  integer(
    {
      name: 'activity_cutoff',
      key: 'activityCutoff',
      summary: 'Blocks after which a silent validator is inactive (runtimes before 423)',
      item: 'ActivityCutoff',
      setter: 'sudo_set_activity_cutoff',
      ...owned('ActivityCutoff'),
    },
    u16,
  ),
  integer(
    {
      name: 'activity_cutoff_factor',
      key: 'activityCutoffFactor',
      summary: 'Thousandths of a tempo after which a silent validator is inactive',
      item: 'ActivityCutoffFactorMilli',
      setter: 'sudo_set_activity_cutoff_factor',
      argument: 'factor_milli',
      min: 1000n,
      ...owned('ActivityCutoffFactorMilli'),
      ownerCall: {
        name: 'set_activity_cutoff_factor',
        argument: 'factor_milli',
        min: 1000n,
        max: 50_000n,
        ...owned('ActivityCutoffFactorMilli'),
      },
    },
    50_000n,
  ),
  flag({
    name: 'registration_allowed',
    key: 'registrationAllowed',
    summary: 'Neurons can register',
    item: 'NetworkRegistrationAllowed',
    setter: 'sudo_set_network_registration_allowed',
    argument: 'registration_allowed',
    who: 'root',
    window: false,
  }),
  amount({
    name: 'max_burn',
    key: 'maxBurnTao',
    summary: 'Highest price of a registration',
    item: 'MaxBurn',
    setter: 'sudo_set_max_burn',
    rule: 'above 0.1 TAO and above the lowest price',
    ...owned('MaxBurn'),
  }),
  amount({
    name: 'min_burn',
    key: 'minBurnTao',
    summary: 'Lowest price of a registration',
    item: 'MinBurn',
    setter: 'sudo_set_min_burn',
    rule: 'below 1 TAO and below the highest price',
    ...owned('MinBurn'),
  }),
  integer(
    {
      name: 'burn_half_life',
      key: 'burnHalfLife',
      summary: 'Blocks in which the price of a registration halves',
      item: 'BurnHalfLife',
      setter: 'sudo_set_burn_half_life',
      min: 1n,
      ...owned('BurnHalfLife'),
    },
    36_100n,
  ),
  entry({
    name: 'burn_increase_mult',
    key: 'burnIncreaseMult',
    summary: 'Factor by which each registration raises the price',
    item: 'BurnIncreaseMult',
    setter: 'sudo_set_burn_increase_mult',
    kind: 'factor',
    min: 1n,
    max: 3n,
    ...owned('BurnIncreaseMult'),
  }),
  integer(
    {
      name: 'max_regs_per_block',
      key: 'maxRegsPerBlock',
      summary: 'Most registrations in one block',
      item: 'MaxRegistrationsPerBlock',
      setter: 'sudo_set_max_registrations_per_block',
      who: 'root',
    },
    u16,
  ),
  integer(
    {
      name: 'target_regs_per_interval',
      key: 'targetRegsPerInterval',
      summary: 'Wanted registrations in an adjustment interval (root network only, today)',
      item: 'TargetRegistrationsPerInterval',
      setter: 'sudo_set_target_registrations_per_interval',
      who: 'root',
    },
    u16,
  ),
  integer(
    {
      name: 'kappa',
      key: 'kappa',
      summary: 'Share of stake that consensus takes, in 65535ths',
      item: 'Kappa',
      setter: 'sudo_set_kappa',
      who: 'root',
      window: false,
    },
    u16,
  ),
  integer(
    {
      name: 'rho',
      key: 'rho',
      summary: 'Without effect today',
      item: 'Rho',
      setter: 'sudo_set_rho',
      ...owned('Rho'),
    },
    u16,
  ),
  integer(
    {
      name: 'bonds_moving_avg',
      key: 'bondsMovingAverage',
      summary: 'Weight of the old bonds, in millionths',
      item: 'BondsMovingAverage',
      setter: 'sudo_set_bonds_moving_average',
      rule: 'an owner may go up to 975000',
      ...owned('BondsMovingAverage'),
    },
    1_000_000n,
  ),
  integer(
    {
      name: 'bonds_penalty',
      key: 'bondsPenalty',
      summary: 'How much clipping counts in bonds, in 65535ths',
      item: 'BondsPenalty',
      setter: 'sudo_set_bonds_penalty',
      ...owned('BondsPenalty'),
    },
    u16,
  ),
  flag({
    name: 'bonds_reset_enabled',
    key: 'bondsResetEnabled',
    summary: 'A commitment with ResetBondsFlag clears the bonds of its sender',
    item: 'BondsResetOn',
    setter: 'sudo_set_bonds_reset_enabled',
    argument: 'enabled',
    ...owned('BondsResetEnabled'),
  }),
  flag({
    name: 'liquid_alpha_enabled',
    key: 'liquidAlphaEnabled',
    summary: 'The bonds of each validator move at a speed of their own',
    item: 'LiquidAlphaOn',
    setter: 'sudo_set_liquid_alpha_enabled',
    argument: 'enabled',
    ...owned('LiquidAlphaEnabled'),
  }),
  entry({
    name: 'alpha_values',
    key: 'alphaValues',
    summary: 'Lowest and highest speed of liquid alpha, in 65535ths: [low, high]',
    item: 'AlphaValues',
    setter: 'sudo_set_alpha_values',
    kind: 'pair',
    max: u16,
    min: 1638n,
    rule: 'liquid alpha must be on; low at most high',
    ...owned('AlphaValues'),
  }),
  integer(
    {
      name: 'alpha_sigmoid_steepness',
      key: 'alphaSigmoidSteepness',
      summary: 'Steepness of liquid alpha',
      item: 'AlphaSigmoidSteepness',
      setter: 'sudo_set_alpha_sigmoid_steepness',
      argument: 'steepness',
      min: -32_768n,
      rule: 'negative values by root only',
      ...owned('AlphaSigmoidSteepness'),
    },
    32_767n,
  ),
  flag({
    name: 'yuma3_enabled',
    key: 'yuma3Enabled',
    summary: 'Consensus with the bonds of Yuma 3',
    item: 'Yuma3On',
    setter: 'sudo_set_yuma3_enabled',
    argument: 'enabled',
    ...owned('Yuma3Enabled'),
  }),
  flag({
    name: 'transfers_enabled',
    key: 'transfersEnabled',
    summary: 'Stake can be transferred to another coldkey',
    item: 'TransferToggle',
    setter: 'sudo_set_toggle_transfer',
    argument: 'toggle',
    ...owned('TransferEnabled'),
  }),
  flag({
    name: 'owner_cut_enabled',
    key: 'ownerCutEnabled',
    summary: "The owner's share of emission is paid",
    item: 'OwnerCutEnabled',
    setter: 'sudo_set_owner_cut_enabled',
    argument: 'enabled',
  }),
  integer(
    {
      name: 'owner_immune_neuron_limit',
      key: 'ownerImmuneNeuronLimit',
      summary: "How many of the owner's neurons are never pruned",
      item: 'ImmuneOwnerUidsLimit',
      setter: 'sudo_set_owner_immune_neuron_limit',
      argument: 'immune_neurons',
      min: 1n,
      ...owned('ImmuneNeuronLimit'),
    },
    10n,
  ),
  integer(
    {
      name: 'mechanism_count',
      key: 'mechanismCount',
      summary: 'Incentive mechanisms of the subnet',
      item: 'MechanismCountCurrent',
      setter: 'sudo_set_mechanism_count',
      min: 1n,
      rule: 'at most MaxMechanismCount; a mechanism that goes loses its weights',
      limit: { kind: 'transaction', number: 7, blocks: blocksPerDay },
    },
    16n,
  ),
];

/** By btcli's name or the YAML key; null when there is none. */
export function findHyperparameter(name: string): Hyperparameter | null {
  return hyperparameters.find((one) => one.name === name || one.key === name) ?? null;
}
