import type { Clock } from '../../common/platform-port.ts';
import type { Engine, RunFailure } from '../engine/engine-port.ts';
import { bestThroughput, chooseSetting } from './choose.ts';
import { batchLadder, placementLevels } from './search-space.ts';
import type { Device } from './search-space.ts';
import { isSamePlacement, isSameSetting, measuredOf } from './setting.ts';
import type { FailedSetting, Measured, Placement, Sample, Setting } from './setting.ts';

export interface TunerDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Throws what is wrong with model, provider or machine. */
  readonly startEngine: (placement: Placement) => Promise<Engine>;
  readonly measure: (
    engine: Engine,
    setting: Setting,
    sliceMs: number,
  ) => Promise<Sample | RunFailure>;
  readonly onSample: (setting: Setting, sample: Sample, elapsedMs: number) => void;
}

export interface TunerOptions {
  readonly device: Device;
  readonly maxBatch: number;
  /** All of it together, loading included; what was begun ends. */
  readonly budgetMs: number;
  readonly targetP99Ms: number | null;
  /** What the configuration says now. */
  readonly current: Setting;
  /** A run must stay well below it. */
  readonly runTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface TuneResult {
  /** All that were measured, the current setting first. */
  readonly measured: readonly Measured[];
  readonly failed: readonly FailedSetting[];
  /** Those that were measured again, in turns, and what is configured now. */
  readonly finalists: readonly Measured[];
  /** The time was over before all that is worth looking at was looked at. */
  readonly cutShort: boolean;
  /** What the configuration says now; of a model that cannot batch, without a batch. */
  readonly current: Setting;
  /** Undefined when none keeps the p99 that was asked for, or none could be measured. */
  readonly chosen: Measured | undefined;
}

/** Looking around takes this part of the time, comparing the best the rest. */
const exploreShare = 0.6;
/** A step up the ladder that gains less is none. */
const leastGain = 0.02;
/** Below this batch a busy machine's noise may look like the top of the ladder. */
const leastLook = 16;
/** A level this far below the best is the last that is looked at. */
const poorLevel = 0.8;
const finalistShare = 0.9;
const mostFinalists = 6;
const mostSamples = 7;

/**
 * Searches the settings without trying all: level by level of processors used, up the ladder of
 * batches as long as that pays, then the best against each other, in turns, until the time is over.
 */
export async function tuneEngine(deps: TunerDeps, options: TunerOptions): Promise<TuneResult> {
  const search = new Search(deps, options);
  await search.explore();
  await search.compare();
  return search.result();
}

class Search {
  readonly #deps: TunerDeps;
  readonly #options: TunerOptions;
  readonly #startMs: number;
  readonly #samples = new Map<Setting, Sample[]>();
  readonly #failed: FailedSetting[] = [];
  #current: Setting;
  #cutShort = false;
  /** Of the slowest start so far: what another one may cost. */
  #loadMs = 0;

  constructor(deps: TunerDeps, options: TunerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#current = options.current;
    this.#startMs = deps.clock.monotonicMs();
  }

  async explore(): Promise<void> {
    await this.#climb(this.#current, [this.#current.maxBatch]);
    for (const level of placementLevels(this.#options.device)) {
      const before = bestThroughput(this.#measured());
      for (const placement of level) {
        if (this.#isCutShort(this.#loadMs)) return;
        await this.#climb(placement, null);
      }
      if (this.#bestOf(level) < poorLevel * Math.max(before, bestThroughput(this.#measured())))
        return;
    }
  }

  /**
   * In rounds. One lucky sample leads at first and falls back when it is measured again, so each
   * round asks anew who comes close to the best.
   */
  async compare(): Promise<void> {
    for (;;) {
      const contenders = this.#contenders();
      const open = contenders.filter((one) => this.#countOf(one) < mostSamples);
      if (open.length === 0) return;
      for (const group of byPlacement(open)) {
        if (this.#isOver(1, this.#loadMs)) {
          // A close one that was measured once only may be the best after all.
          this.#cutShort ||= this.#contenders().some((one) => this.#countOf(one) === 1);
          return;
        }
        await this.#withEngine(group[0], (engine) => this.#takeAll(engine, group));
      }
    }
  }

  result(): TuneResult {
    const measured = this.#measured();
    const sound = measured.filter(({ setting }) => !this.#hasFailed(setting));
    const finalists = measured.filter(
      ({ setting, samples }) => samples.length > 1 || isSameSetting(setting, this.#current),
    );
    const { targetP99Ms } = this.#options;
    const again = sound.filter(({ samples }) => samples.length > 1);
    // Measured again, none of them may keep the p99 any more; slower ones still do.
    const chosen = chooseSetting(again, targetP99Ms) ?? chooseSetting(sound, targetP99Ms);
    return {
      measured,
      failed: this.#failed,
      finalists,
      chosen,
      cutShort: this.#cutShort,
      current: this.#current,
    };
  }

  /** Up the ladder of batches (or the one that is given) with one engine. */
  async #climb(placement: Placement, only: readonly number[] | null): Promise<void> {
    await this.#withEngine(placement, async (engine) => {
      const ladder = engine.model.batchable ? (only ?? batchLadder(this.#options.maxBatch)) : [1];
      if (!engine.model.batchable) this.#current = { ...this.#current, maxBatch: 1 };
      let best = 0;
      let idleSteps = 0;
      for (const [step, maxBatch] of ladder.entries()) {
        // An engine that is loaded already measures once at least.
        if (step > 0 && this.#isCutShort(0)) return;
        const { instances, threads } = placement;
        const sample = await this.#take(engine, this.#known({ instances, threads, maxBatch }));
        if (sample === null || this.#isTooSlow(sample)) return;
        idleSteps = sample.itemsPerSecond > best * (1 + leastGain) ? 0 : idleSteps + 1;
        best = Math.max(best, sample.itemsPerSecond);
        if (idleSteps >= 2 && maxBatch >= leastLook) return;
      }
    });
  }

  async #takeAll(engine: Engine, settings: readonly Setting[]): Promise<void> {
    for (const setting of settings) {
      if (this.#isOver(1, 0)) return;
      // What broke the engine is no failure of those that come after it.
      if ((await this.#take(engine, setting)) === null) return;
    }
  }

  /** One setting is one key, so that its samples come together. */
  #known(setting: Setting): Setting {
    const all = [...this.#samples.keys()];
    return all.find((one) => isSameSetting(one, setting)) ?? setting;
  }

  async #withEngine(placement: Placement, work: (engine: Engine) => Promise<void>): Promise<void> {
    const { clock, startEngine } = this.#deps;
    this.#options.signal.throwIfAborted();
    const beforeMs = clock.monotonicMs();
    const engine = await startEngine(placement);
    this.#loadMs = Math.max(this.#loadMs, clock.monotonicMs() - beforeMs);
    try {
      await work(engine);
    } finally {
      await engine.close();
    }
  }

  async #take(engine: Engine, setting: Setting): Promise<Sample | null> {
    const { measure, onSample, clock } = this.#deps;
    const outcome = await measure(engine, setting, sliceMsOf(this.#options.budgetMs));
    this.#options.signal.throwIfAborted();
    if ('kind' in outcome) {
      this.#failed.push({ setting, detail: `${outcome.reason}: ${outcome.detail}` });
      return null;
    }
    this.#samples.set(setting, [...(this.#samples.get(setting) ?? []), outcome]);
    onSample(setting, outcome, clock.monotonicMs() - this.#startMs);
    return outcome;
  }

  /** Runs of larger batches only take longer. */
  #isTooSlow({ p50Ms, p99Ms }: Sample): boolean {
    const { targetP99Ms, runTimeoutMs } = this.#options;
    return p50Ms * 4 > runTimeoutMs || (targetP99Ms !== null && p99Ms > targetP99Ms);
  }

  #isCutShort(costMs: number): boolean {
    this.#cutShort ||= this.#isOver(exploreShare, costMs);
    return this.#cutShort;
  }

  /** True when that part of the time would be over before a slice that needs `costMs` first. */
  #isOver(share: number, costMs: number): boolean {
    const { budgetMs, signal } = this.#options;
    signal.throwIfAborted();
    const elapsedMs = this.#deps.clock.monotonicMs() - this.#startMs;
    return elapsedMs + costMs + sliceMsOf(budgetMs) > budgetMs * share;
  }

  #measured(): readonly Measured[] {
    return [...this.#samples].map(([setting, samples]) => measuredOf(setting, samples));
  }

  #bestOf(level: readonly Placement[]): number {
    const inside = this.#measured().filter(({ setting }) =>
      level.some((placement) => isSamePlacement(placement, setting)),
    );
    return bestThroughput(inside);
  }

  /**
   * What comes close to the best by all samples so far, and what is configured now to compare with;
   * what has the fewest samples first.
   */
  #contenders(): readonly Setting[] {
    const { targetP99Ms } = this.#options;
    const sound = this.#measured().filter(({ setting }) => !this.#hasFailed(setting));
    const kept = sound.filter(({ median }) => targetP99Ms === null || median.p99Ms <= targetP99Ms);
    const least = bestThroughput(kept) * finalistShare;
    const best = kept
      .filter(({ median }) => median.itemsPerSecond >= least)
      .sort((a, b) => b.median.itemsPerSecond - a.median.itemsPerSecond)
      .slice(0, mostFinalists);
    const now = sound.filter(({ setting }) => isSameSetting(setting, this.#current));
    const all = [...new Set([...best, ...now].map(({ setting }) => setting))];
    return all.sort((a, b) => this.#countOf(a) - this.#countOf(b));
  }

  #countOf(setting: Setting): number {
    return this.#samples.get(setting)?.length ?? 0;
  }

  #hasFailed(setting: Setting): boolean {
    return this.#failed.some((one) => isSameSetting(one.setting, setting));
  }
}

/** Long enough for a figure, short enough for some eighty of them. */
function sliceMsOf(budgetMs: number): number {
  return Math.min(1500, Math.max(100, budgetMs / 80));
}

type Group = readonly [Setting, ...Setting[]];

/** Settings that one engine can measure, together. */
function byPlacement(settings: readonly Setting[]): readonly Group[] {
  const groups: [Setting, ...Setting[]][] = [];
  for (const setting of settings) {
    const group = groups.find(([first]) => isSamePlacement(first, setting));
    if (group === undefined) groups.push([setting]);
    else group.push(setting);
  }
  return groups;
}
