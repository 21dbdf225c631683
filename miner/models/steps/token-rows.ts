/** Numbers of tokens, before and after special tokens are put around them. Pure. */

/** What stands before, between and after the texts of an item, with the segment of each part. */
export interface TokenFrame {
  readonly before: Segment;
  readonly first: number;
  readonly between: Segment;
  readonly second: number;
  readonly after: Segment;
}

export interface Segment {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

/** One item's tokens. */
export interface TokenRow {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

/** As `encode` of a tokenizer says it. */
interface Encoded {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

/**
 * Reads the frame off what a tokenizer makes of a probe: `body` is the probe alone, `whole` the same
 * with special tokens. Null when the one does not stand in the other.
 */
export function readFrame(body: readonly number[], whole: Encoded): TokenFrame | null {
  const at = positionOf(body, whole.ids, 0);
  return at < 0 || body.length === 0 ? null : frameAt(whole, at, null, body.length);
}

/** As `readFrame`, of a probe that was given twice, as a pair. */
export function readPairFrame(body: readonly number[], whole: Encoded): TokenFrame | null {
  const at = positionOf(body, whole.ids, 0);
  const again = at < 0 ? -1 : positionOf(body, whole.ids, at + body.length);
  return again < 0 || body.length === 0 ? null : frameAt(whole, at, again, body.length);
}

function frameAt(whole: Encoded, at: number, again: number | null, length: number): TokenFrame {
  const part = (from: number, to: number): Segment => ({
    ids: whole.ids.slice(from, to),
    types: whole.types.slice(from, to),
  });
  const end = (again ?? at) + length;
  return {
    before: part(0, at),
    first: whole.types[at] ?? 0,
    between: part(at + length, again ?? at + length),
    second: again === null ? 0 : (whole.types[again] ?? 0),
    after: part(end, whole.ids.length),
  };
}

function positionOf(needle: readonly number[], hay: readonly number[], from: number): number {
  for (let at = from; at + needle.length <= hay.length; at += 1) {
    if (needle.every((id, offset) => hay[at + offset] === id)) return at;
  }
  return -1;
}

/** Special tokens of an item. */
export function frameLength({ before, between, after }: TokenFrame): number {
  return before.ids.length + between.ids.length + after.ids.length;
}

/** The item with its special tokens; `second` is null for an item of one text. */
export function frameRow(
  frame: TokenFrame,
  first: readonly number[],
  second: readonly number[] | null,
): TokenRow {
  const other = second ?? [];
  return {
    ids: [...frame.before.ids, ...first, ...frame.between.ids, ...other, ...frame.after.ids],
    types: [
      ...frame.before.types,
      ...first.map(() => frame.first),
      ...frame.between.types,
      ...other.map(() => frame.second),
      ...frame.after.types,
    ],
  };
}

/**
 * How many tokens of two texts are kept of `room`: the longer one is cut first, to the length of the
 * shorter one at most; then both alike, an odd token to the longer.
 */
export function shareRoom(first: number, second: number, room: number): readonly [number, number] {
  if (first + second <= room) return [first, second];
  const [short, long] = first <= second ? [first, second] : [second, first];
  const half = Math.floor(room / 2);
  const kept = short <= half ? ([short, room - short] as const) : ([half, room - half] as const);
  const fits = [kept[0], Math.min(kept[1], long)] as const;
  return first <= second ? fits : [fits[1], fits[0]];
}

/** Rows of one length, row after row; what is missing is filled with `fill`. */
export function padRows(
  rows: readonly (readonly number[])[],
  length: number,
  fill: number,
): Int32Array {
  const out = new Int32Array(rows.length * length).fill(fill);
  rows.forEach((row, at) => out.set(row, at * length));
  return out;
}
