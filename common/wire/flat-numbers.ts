/**
 * Reads the long arrays of numbers in a JSON text apart from it: most of the time that a tensor in
 * JSON takes goes into its numbers, and a reader made for them is several times faster.
 */
export interface FlatNumbers {
  /**
   * Takes the flat arrays of numbers under keys `"data"` out of a text, each with the doubles that
   * `JSON.parse` would give. Null when there is none worth it; the text may then be anything.
   */
  lift(json: Uint8Array): Lifted | null;
}

/** A text without its long arrays. */
export interface Lifted {
  /**
   * Each array that was taken out has one string in its place: brackets stay where they were. The
   * text is valid JSON just when the whole one is. Null: it is no UTF-8.
   */
  readonly text: string | null;
  /** The numbers that stand for the value, or undefined when it is no such place. */
  numbersOf(value: unknown): Float64Array | undefined;
}
