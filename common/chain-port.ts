import type { Coldkey, Hotkey, Ss58 } from './brand.ts';
import type { Signer } from './signer-port.ts';

export interface BlockRef {
  readonly number: number;
  readonly hash: string;
}

/** An axon as it stands on chain: untrusted data. */
export interface AxonInfo {
  /** Dotted IPv4 or compressed IPv6 text. */
  readonly ip: string;
  readonly port: number;
  readonly ipType: 4 | 6;
  readonly protocol: number;
  readonly version: number;
  /** Block at which it was served. */
  readonly block: number;
}

export interface Neuron {
  readonly uid: number;
  readonly hotkey: Hotkey;
  readonly coldkey: Coldkey;
  /** null when it never served, or unserved (ip 0). */
  readonly axon: AxonInfo | null;
  readonly active: boolean;
  readonly validatorPermit: boolean;
  /** Alpha plus weighted root stake, in RAO: what counts in consensus. */
  readonly totalStakeRao: bigint;
  readonly alphaStakeRao: bigint;
  /** 0..1 (chain: u16 / 65535). */
  readonly incentive: number;
  readonly dividends: number;
  readonly consensus: number;
  readonly validatorTrust: number;
  /** Alpha RAO of the last epoch. */
  readonly emissionRao: bigint;
  readonly lastUpdate: number;
  readonly blockAtRegistration: number;
}

export interface SubnetHyperparams {
  readonly tempo: number;
  readonly minAllowedWeights: number;
  /** u16; 65535 = no cap. */
  readonly maxWeightsLimit: number;
  /** Blocks between two settings by one hotkey. */
  readonly weightsRateLimit: number;
  readonly weightsVersionKey: bigint;
  readonly commitRevealEnabled: boolean;
  readonly commitRevealPeriod: number;
  readonly immunityPeriod: number;
  /** Blocks after which a validator that set no weights is inactive. */
  readonly activityCutoff: number;
  readonly servingRateLimit: number;
  readonly maxUids: number;
  readonly maxValidators: number;
  readonly registrationAllowed: boolean;
  readonly burnRao: bigint;
}

/** Everything a round needs, read at one block. */
export interface Snapshot {
  readonly netuid: number;
  readonly block: BlockRef;
  readonly hyperparams: SubnetHyperparams;
  /** Minimum total stake (RAO) to set weights. */
  readonly stakeThresholdRao: bigint;
  readonly lastEpochBlock: number;
  /** null when tempo is 0. */
  readonly nextEpochBlock: number | null;
  readonly ownerHotkey: Hotkey | null;
  /** By uid, dense: neurons[uid].uid === uid. */
  readonly neurons: readonly Neuron[];
}

/** A weight row as the chain holds it. */
export type WeightRow = readonly (readonly [uid: number, value: number])[];

export interface AccountInfo {
  readonly freeRao: bigint;
  readonly nonce: number;
}

export type ChainCall =
  | {
      readonly call: 'set_weights';
      readonly netuid: number;
      readonly uids: readonly number[];
      readonly values: readonly number[];
      readonly versionKey: bigint;
    }
  | {
      readonly call: 'serve_axon';
      readonly netuid: number;
      readonly version: number;
      readonly ip: string;
      readonly port: number;
    }
  | { readonly call: 'burned_register'; readonly netuid: number; readonly hotkey: Hotkey }
  | {
      readonly call: 'register_limit';
      readonly netuid: number;
      readonly hotkey: Hotkey;
      readonly limitPriceRao: bigint;
    }
  | { readonly call: 'register_network'; readonly hotkey: Hotkey }
  | { readonly call: 'start_call'; readonly netuid: number }
  | {
      readonly call: 'add_stake' | 'remove_stake';
      readonly hotkey: Hotkey;
      readonly netuid: number;
      readonly amountRao: bigint;
    }
  | {
      /** An AdminUtils setter, wrapped in Sudo.sudo when `sudo`; arguments in the call's order. */
      readonly call: 'admin';
      readonly name: string;
      readonly args: readonly (number | bigint | boolean | string)[];
      readonly sudo: boolean;
    };

export interface ChainEvent {
  /** `Pallet.Event`, e.g. `SubtensorModule.WeightsSet`. */
  readonly name: string;
  /** Arguments as JSON-like values (numbers, decimal strings for big integers, hex, SS58). */
  readonly args: readonly unknown[];
}

export type TxOutcome =
  | {
      readonly kind: 'included';
      readonly block: BlockRef;
      readonly extrinsicHash: string;
      readonly events: readonly ChainEvent[];
    }
  | {
      readonly kind: 'refused';
      /** Refused by the pool before any block, or by the dispatch inside one. */
      readonly where: 'pool' | 'dispatch';
      /** Error name from metadata, or from the pool code, e.g. `SettingWeightsTooFast`. */
      readonly name: string;
      /** The pool's `Custom(n)`, when it was one. */
      readonly customCode?: number;
      readonly message: string;
      readonly block?: BlockRef;
    }
  /** Sent, but its fate was not observed: it may still take effect. */
  | { readonly kind: 'unknown'; readonly message: string; readonly extrinsicHash?: string };

/** A node's view of the chain. Reads throw SubnetError `CHAIN_*`; nothing hangs past a deadline. */
export interface Chain {
  readonly genesisHash: string;
  head(): Promise<BlockRef>;
  blockHash(number: number): Promise<string>;
  /** Throws CHAIN_NO_SUBNET when the netuid does not exist. */
  snapshot(netuid: number): Promise<Snapshot>;
  /** Row of one validator as stored, in stored order; empty when none. */
  weightsOf(netuid: number, uid: number): Promise<WeightRow>;
  /** null when the hotkey is not registered on the netuid. */
  uidOf(netuid: number, hotkey: Hotkey): Promise<number | null>;
  account(address: Ss58): Promise<AccountInfo>;
  /** Existing netuids, ascending. */
  netuids(): Promise<readonly number[]>;
  /** Signs, sends, waits for inclusion, never past `timeoutMs` (default 60 s). */
  submit(call: ChainCall, signer: Signer, options?: { timeoutMs?: number }): Promise<TxOutcome>;
  /** Calls back for each new head until the returned function is called; survives reconnects. */
  onHead(listener: (head: BlockRef) => void): () => void;
  close(): Promise<void>;
}
