/** Sorting is shared by so many answers: a percentile need not be fresher than that. */
const sortEvery = 16;

/** The latest latencies, and percentiles of them. */
export class LatencyWindow {
  readonly #ring: Float64Array;
  readonly #minCount: number;
  #count = 0;
  #sorted: Float64Array = new Float64Array();
  #sortedAt = 0;

  /** No percentile is told before `minCount` latencies were seen. */
  constructor(size = 512, minCount = 32) {
    this.#ring = new Float64Array(size);
    this.#minCount = minCount;
  }

  add(ms: number): void {
    this.#ring[this.#count % this.#ring.length] = ms;
    this.#count += 1;
  }

  /** The nearest rank: of `percent` in a hundred latencies none is longer. */
  percentile(percent: number): number | null {
    if (this.#count < this.#minCount) return null;
    if (this.#sorted.length === 0 || this.#count - this.#sortedAt >= sortEvery) this.#sort();
    const rank = Math.ceil((percent / 100) * this.#sorted.length) - 1;
    return this.#sorted[Math.max(0, rank)] ?? null;
  }

  #sort(): void {
    const kept = Math.min(this.#count, this.#ring.length);
    this.#sorted = this.#ring.slice(0, kept).sort();
    this.#sortedAt = this.#count;
  }
}
