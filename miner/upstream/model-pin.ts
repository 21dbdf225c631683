import type { ModelInterface } from '../../common/wire/inference-types.ts';
import { interfaceDifference } from './model-statement.ts';
import type { Fingerprint } from './probe.ts';
import { isSameFingerprint } from './probe.ts';

export interface PinOptions {
  readonly sha256: string;
  /** undefined: that of the first upstream that describes its model. */
  readonly interface: ModelInterface | undefined;
  /** undefined: that of the first upstream that answers the probe. */
  readonly fingerprint: Fingerprint | undefined;
  readonly tolerance: number;
  /**
   * `said`: the upstream's own word for the sha256. `probe`: a given fingerprint of its answer to
   * the probe. `any`: the best of these that it offers, at the least its interface.
   */
  readonly require: 'said' | 'probe' | 'any';
}

/** What an upstream shows of its model; null what it does not. */
export interface Shown {
  readonly interface: ModelInterface | null;
  readonly sha256: string | null;
  readonly fingerprint: Fingerprint | null;
}

/** Which of them held: nothing that a server says proves what it computes with. */
export interface PinReport {
  readonly saidSha256: boolean;
  readonly fingerprint: Fingerprint | null;
}

/**
 * The one model that all upstreams must serve. What the configuration leaves open is taken from
 * the first upstream, and then holds for the others and for the first one itself when it comes
 * back.
 */
export class ModelPin {
  readonly #options: PinOptions;
  #interface: ModelInterface | undefined;
  #fingerprint: Fingerprint | undefined;
  #anchored: boolean;

  constructor(options: PinOptions) {
    this.#options = options;
    this.#interface = options.interface;
    this.#fingerprint = options.fingerprint;
    this.#anchored = options.fingerprint !== undefined;
  }

  /** False while all that is pinned is what some upstream happened to show first. */
  get isAnchored(): boolean {
    return this.#anchored;
  }

  get interface(): ModelInterface | undefined {
    return this.#interface;
  }

  /** undefined until one is given or measured: from then on every upstream has to match it. */
  get fingerprint(): Fingerprint | undefined {
    return this.#fingerprint;
  }

  /** What is wrong with an upstream that shows this, or what speaks for it. */
  compare(shown: Shown): { readonly why: string } | PinReport {
    const why =
      this.#interfaceProblem(shown) ?? this.#sha256Problem(shown) ?? this.#probeProblem(shown);
    if (why !== null) return { why };
    this.#anchored ||= shown.sha256 !== null;
    this.#interface ??= shown.interface ?? undefined;
    this.#fingerprint ??= shown.fingerprint ?? undefined;
    return { saidSha256: shown.sha256 !== null, fingerprint: shown.fingerprint };
  }

  #interfaceProblem(shown: Shown): string | null {
    if (this.#interface !== undefined && shown.interface !== null) {
      return interfaceDifference(this.#interface, shown.interface);
    }
    const none = this.#interface === undefined && shown.interface === null;
    return none ? 'it does not describe its model: backend.interface has to say it' : null;
  }

  #sha256Problem({ sha256 }: Shown): string | null {
    if (sha256 !== null) {
      return sha256 === this.#options.sha256 ? null : `it says that its sha256 is ${sha256}`;
    }
    return this.#options.require === 'said' ? 'it does not say its sha256' : null;
  }

  #probeProblem({ fingerprint }: Shown): string | null {
    if (fingerprint === null) {
      return this.#options.require === 'probe' ? 'it does not answer the probe' : null;
    }
    const pinned = this.#fingerprint;
    const same =
      pinned === undefined || isSameFingerprint(pinned, fingerprint, this.#options.tolerance);
    return same ? null : `it answers the probe with [${fingerprint.join(', ')}]`;
  }
}
