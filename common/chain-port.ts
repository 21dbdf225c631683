import type { Coldkey, Hotkey, Ss58 } from './brand.ts';
import type { Signer } from './signer-port.ts';
import type { TlsKey } from './tls-key.ts';

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
  /** Of mechanism 0. A commit moves it, a reveal does not. */
  readonly lastUpdate: number;
  readonly blockAtRegistration: number;
  /** 0..1; absent where the runtime keeps none (removed in 2026), never zero instead. */
  readonly rank?: number;
  readonly trust?: number;
  /** u16; absent where the runtime keeps none. */
  readonly pruningScore?: number;
}

/** What one incentive mechanism of a subnet keeps by uid. */
export interface MechanismState {
  readonly mecid: number;
  readonly lastUpdate: readonly number[];
  /** 0..1 */
  readonly incentive: readonly number[];
}

/**
 * When epochs run. `stateful`: `Tempo` blocks after the last one, or when an owner asked for one
 * (spec 423 and later). `modulo`: where (block + netuid + 1) mod (tempo + 1) is tempo.
 */
export type EpochSchedule =
  | {
      readonly model: 'stateful';
      readonly tempo: number;
      readonly lastEpochBlock: number;
      /** 0: none asked for. */
      readonly pendingEpochAt: number;
      readonly epochIndex: number;
      readonly blocksSinceLastStep: number;
    }
  | { readonly model: 'modulo'; readonly tempo: number; readonly blocksSinceLastStep: number };

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
  readonly epoch: EpochSchedule;
  /** `Timestamp.Now` of this block, milliseconds since the Unix epoch. */
  readonly chainTimeMs: number;
  /** Measured over the last blocks; the runtime's slot duration while there are too few. */
  readonly blockTimeMs: number;
  /** Version that timelocked commits must name; null where the runtime takes none. */
  readonly commitRevealVersion: number | null;
  readonly ownerHotkey: Hotkey | null;
  readonly ownerColdkey: Coldkey | null;
  /** By mecid, at least one; `mechanisms[0].lastUpdate[uid]` is that of `neurons[uid]`. */
  readonly mechanisms: readonly MechanismState[];
  /** By uid, dense: neurons[uid].uid === uid. */
  readonly neurons: readonly Neuron[];
}

/** A commit of weights that waits on chain for its reveal. */
export type PendingCommit =
  | {
      readonly kind: 'hash';
      /** `0x`, 32 bytes. */
      readonly hash: string;
      readonly block: number;
      /** Epoch that it belongs to; null on runtimes that keep blocks instead. */
      readonly epoch: number | null;
    }
  | {
      readonly kind: 'timelocked';
      /** blake2-256 of the commit's bytes, as in its event: `0x`, 32 bytes. */
      readonly hash: string;
      readonly block: number;
      readonly epoch: number;
      readonly revealRound: number;
    };

/** `Drand.BeaconConfig`: whose signatures open timelocked commits, and when they come. */
export interface Beacon {
  /** 96 bytes, compressed G2. */
  readonly publicKey: Uint8Array;
  readonly genesisTimeS: number;
  readonly periodS: number;
  /** Hex without `0x`. */
  readonly chainHash: string;
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
      /** Incentive mechanism (default 0). Above 0 only where the runtime has mechanisms. */
      readonly mecid?: number;
      readonly uids: readonly number[];
      readonly values: readonly number[];
      readonly versionKey: bigint;
    }
  | {
      readonly call: 'commit_weights';
      readonly netuid: number;
      readonly mecid?: number;
      /** `0x`, 32 bytes. */
      readonly hash: string;
    }
  | {
      readonly call: 'reveal_weights';
      readonly netuid: number;
      readonly mecid?: number;
      readonly uids: readonly number[];
      readonly values: readonly number[];
      readonly salt: readonly number[];
      readonly versionKey: bigint;
    }
  | {
      readonly call: 'commit_timelocked_weights';
      readonly netuid: number;
      readonly mecid?: number;
      readonly commit: Uint8Array;
      readonly revealRound: number;
      readonly version: number;
    }
  | {
      readonly call: 'serve_axon';
      readonly netuid: number;
      readonly version: number;
      readonly ip: string;
      readonly port: number;
    }
  | {
      /** As `serve_axon`, and publishes the key of the axon's certificate. */
      readonly call: 'serve_axon_tls';
      readonly netuid: number;
      readonly version: number;
      readonly ip: string;
      readonly port: number;
      readonly tlsKey: TlsKey;
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
    }
  | {
      /**
       * Any other call, arguments by their names in the metadata (snake_case), which orders them:
       * one that the runtime lacks an argument for, or that it cannot leave out, is
       * CHAIN_UNSUPPORTED. `optional` names those that older or newer runtimes may not have.
       */
      readonly call: 'named';
      readonly pallet: string;
      readonly name: string;
      readonly args: Readonly<Record<string, unknown>>;
      readonly optional?: readonly string[];
      readonly sudo?: boolean;
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
      /** True when finality was waited for and seen. */
      readonly finalised: boolean;
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

/** What the runtime offers, found from its metadata at connection and at each upgrade. */
export interface RuntimeFacts {
  readonly specName: string;
  readonly specVersion: number;
  readonly epochs: 'stateful' | 'modulo';
  /** Where a snapshot is read from: the best that this runtime has. */
  readonly metagraph: 'selective' | 'neurons-lite' | 'storage';
  readonly mechanisms: boolean;
  readonly commits: { readonly hash: boolean; readonly timelocked: boolean };
}

/** A transaction's way: reserved (nonce taken), submitted, in block, finalised, failed, unknown. */
export type TxState = 'reserved' | 'submitted' | 'in-block' | 'finalised' | 'failed' | 'unknown';

/** A signature: by its nonce it lands once at most, by its era not for ever. */
export interface SignedExtrinsic {
  readonly extrinsicHash: string;
  readonly nonce: number;
  /** No later block can contain it. */
  readonly lastBlock: number;
}

export interface SubmitOptions {
  /** Never waits past this (default 60 s). */
  readonly timeoutMs?: number;
  /** Wait for (default `included`). */
  readonly until?: 'included' | 'finalised';
  readonly onState?: (state: TxState) => void;
  /** Told of every signature, and waited for, before a node gets it. */
  readonly onSigned?: (signed: SignedExtrinsic) => Promise<void>;
  /**
   * That of an earlier signature of this call whose fate is open: of two with one nonce at most one
   * can land. Where it is used or held already the outcome says so; no other nonce is taken.
   */
  readonly nonce?: number;
}

export interface EndpointState {
  /** Its place: scheme, host and port; users, paths and queries may hold keys. */
  readonly url: string;
  readonly state: 'in-use' | 'ready' | 'failed' | 'wrong-chain' | 'untried';
  /** 0..1 from answers, latency and freshness; what decides where to go next. */
  readonly score: number;
  readonly latencyMs: number | null;
  readonly headBlock: number | null;
  readonly failures: number;
  /** Why it failed last; null when it did not. */
  readonly problem: string | null;
}

/** What a client of several endpoints has seen of those that it does not use. */
export interface EndpointVisits {
  /** Ends when each of the others was looked at once, or did not answer in time; never throws. */
  othersVisited(): Promise<void>;
}

/**
 * A node's view of the chain. Reads throw SubnetError `CHAIN_*`; nothing hangs past a deadline.
 * Endpoints stand in errors, outcomes and states by their places alone, whoever named them.
 */
export interface Chain {
  readonly genesisHash: string;
  readonly runtime: RuntimeFacts;
  /** In the order of the configuration. */
  endpoints(): readonly EndpointState[];
  head(): Promise<BlockRef>;
  blockHash(number: number): Promise<string>;
  /** Throws CHAIN_NO_SUBNET when the netuid does not exist. */
  snapshot(netuid: number): Promise<Snapshot>;
  /** Row of one validator as stored, in stored order; empty when none. `mecid` defaults to 0. */
  weightsOf(netuid: number, uid: number, mecid?: number): Promise<WeightRow>;
  /**
   * Commits of this hotkey that wait for their reveal, oldest first; both kinds. At this block, so
   * that it goes with what else was read there (default: the head of then). Throws CHAIN_NO_BLOCK.
   */
  pendingCommits(
    netuid: number,
    mecid: number,
    hotkey: Hotkey,
    at?: BlockRef,
  ): Promise<readonly PendingCommit[]>;
  /** null where the runtime has no beacon. */
  beacon(): Promise<Beacon | null>;
  /** Whether the chain holds the beacon's pulse of this round. */
  hasPulse(round: number): Promise<boolean>;
  /** All events of one block, in order. Throws CHAIN_NO_BLOCK when its state is gone. */
  eventsAt(block: BlockRef): Promise<readonly ChainEvent[]>;
  /** null when the hotkey is not registered on the netuid. */
  uidOf(netuid: number, hotkey: Hotkey): Promise<number | null>;
  /** Keys of the certificates that axons of this subnet published; untrusted, of any algorithm. */
  tlsKeys(netuid: number): Promise<ReadonlyMap<Hotkey, TlsKey>>;
  account(address: Ss58): Promise<AccountInfo>;
  /** Existing netuids, ascending. */
  netuids(): Promise<readonly number[]>;
  /** Signs, sends, waits. Submissions of one key go out in order, one nonce each. */
  submit(call: ChainCall, signer: Signer, options?: SubmitOptions): Promise<TxOutcome>;
  /** Calls back for each new head until the returned function is called; survives reconnects. */
  onHead(listener: (head: BlockRef) => void): () => void;
  close(): Promise<void>;
}
