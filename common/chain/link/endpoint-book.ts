import type { EndpointState } from '../../chain-port.ts';
import { placesOf } from '../../endpoint-name.ts';
import type { Clock } from '../../platform-port.ts';
import { afterAnswer, afterFailure, isBetter, newRecord, scoreOf } from './endpoint-score.ts';
import type { EndpointRecord } from './endpoint-score.ts';

/** What is known of each endpoint, in the order of the configuration. */
export class EndpointBook {
  readonly #records: Map<string, EndpointRecord>;
  readonly #names: ReadonlyMap<string, string>;
  readonly #clock: Clock;

  constructor(urls: readonly string[], clock: Clock) {
    this.#records = new Map(urls.map((url) => [url, newRecord(url)]));
    this.#names = placesOf(urls);
    this.#clock = clock;
  }

  /** For people: endpoints as configured may hold keys, and stay in here. */
  nameOf(url: string): string {
    return this.#names.get(url) ?? 'unreadable';
  }

  states(): readonly EndpointState[] {
    return this.#all().map((record) => {
      const { state, latencyMs, headBlock, failures, problem } = record;
      const url = this.nameOf(record.url);
      return { url, state, score: this.#score(record), latencyMs, headBlock, failures, problem };
    });
  }

  /** Best first: those that may be tried now by score, then the rest; equals in their order. */
  candidates(): readonly string[] {
    const now = this.#clock.monotonicMs();
    const waits = (record: EndpointRecord): number => (record.notBeforeMs > now ? 1 : 0);
    return this.#all()
      .filter(({ state }) => state !== 'wrong-chain')
      .sort((a, b) => waits(a) - waits(b) || this.#score(b) - this.#score(a))
      .map(({ url }) => url);
  }

  others(): readonly string[] {
    return this.#all()
      .filter(({ state }) => state !== 'in-use')
      .map(({ url }) => url);
  }

  hasOther(url: string): boolean {
    return this.#all().some((one) => one.url !== url && one.state !== 'wrong-chain');
  }

  allForeign(): boolean {
    return this.#all().every(({ state }) => state === 'wrong-chain');
  }

  problems(): string {
    const texts = this.#all().map(
      ({ url, problem }) => `${this.nameOf(url)}: ${problem ?? 'not tried'}`,
    );
    return texts.join('; ');
  }

  problemOf(url: string): string | null {
    return this.#records.get(url)?.problem ?? null;
  }

  answered(url: string, latencyMs: number): void {
    this.#change(url, (record) => afterAnswer(record, latencyMs));
  }

  failed(url: string, problem: string): void {
    this.#change(url, (record) =>
      record.state === 'wrong-chain'
        ? record
        : afterFailure(record, problem, this.#clock.monotonicMs()),
    );
  }

  /** True the first time: said once, loudly. */
  foreign(url: string, genesisHash: string): boolean {
    const isNew = this.#records.get(url)?.state !== 'wrong-chain';
    const problem = `it serves another chain (genesis ${genesisHash})`;
    this.#change(url, (record) => ({ ...record, state: 'wrong-chain', problem }));
    return isNew;
  }

  inUse(url: string): void {
    this.#change(url, (record) => ({ ...record, state: 'in-use', problem: null }));
  }

  ready(url: string): void {
    this.#change(url, (record) => ({ ...record, state: 'ready' }));
  }

  visited(url: string, latencyMs: number, headBlock: number): void {
    this.#change(url, (record) => {
      const state = record.state === 'in-use' ? record.state : 'ready';
      return { ...afterAnswer(record, latencyMs), headBlock, state, problem: null };
    });
  }

  sawHead(url: string, headBlock: number): void {
    this.#change(url, (record) => ({
      ...record,
      headBlock,
      problem: record.state === 'in-use' ? null : record.problem,
    }));
  }

  /** A problem that does not put it out of use. */
  note(url: string, problem: string): void {
    this.#change(url, (record) => ({ ...record, problem }));
  }

  /** An endpoint that is ready and further than this block. */
  aheadOf(block: number): string | null {
    const found = this.#all().find(
      ({ state, headBlock }) => state === 'ready' && (headBlock ?? 0) > block,
    );
    return found?.url ?? null;
  }

  /** The endpoint to move to, if any is worth it. */
  better(): string | null {
    const ranked = this.#all().map((record, position) => {
      return { record, position, score: this.#score(record) };
    });
    const inUse = ranked.find(({ record }) => record.state === 'in-use');
    if (inUse === undefined) return null;
    const worth = ranked.filter((one) => one.record.state === 'ready' && isBetter(one, inUse));
    return worth[0]?.record.url ?? null;
  }

  #all(): EndpointRecord[] {
    return [...this.#records.values()];
  }

  #score(record: EndpointRecord): number {
    const highest = Math.max(...this.#all().map(({ headBlock }) => headBlock ?? 0));
    return scoreOf(record, highest);
  }

  #change(url: string, change: (record: EndpointRecord) => EndpointRecord): void {
    const record = this.#records.get(url);
    if (record !== undefined) this.#records.set(url, change(record));
  }
}
