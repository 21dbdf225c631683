/** The newest results of a function of its key; the same key asked for twice runs once. */
export class RecentResults<T> {
  readonly #limit: number;
  readonly #results = new Map<string, Promise<T>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Failures are not kept. */
  get(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#results.get(key);
    if (known !== undefined) return known;
    const result = work();
    this.#results.set(key, result);
    result.catch(() => this.#results.delete(key));
    this.#forget();
    return result;
  }

  #forget(): void {
    const [oldest] = this.#results.keys();
    if (this.#results.size > this.#limit && oldest !== undefined) this.#results.delete(oldest);
  }
}
