import type { LosslessJson } from '../../common/wire/json-lossless.ts';

/** A case that cannot be replayed or does not agree; the message names the place in the case. */
export class CaseProblem extends Error {
  override readonly name = 'CaseProblem';
}

export type JsonObject = Readonly<Record<string, LosslessJson>>;

/** A value of the case together with its path, for messages. */
export interface Place {
  readonly json: LosslessJson | undefined;
  readonly path: string;
}

const shownLength = 120;

/** A short text of any JSON value. */
export function shown(json: LosslessJson | undefined): string {
  if (json === undefined) return 'nothing';
  const text = textOf(json);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

function textOf(json: LosslessJson): string {
  if (typeof json === 'bigint') return json.toString();
  if (Array.isArray(json)) return `[${json.map(textOf).join(',')}]`;
  if (!isObject(json)) return JSON.stringify(json);
  const entries = Object.entries(json).map(
    ([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`,
  );
  return `{${entries.join(',')}}`;
}

export function complain(path: string, wanted: string, json: LosslessJson | undefined): never {
  throw new CaseProblem(`${path}: expected ${wanted}, got ${shown(json)}`);
}

export function isObject(json: LosslessJson | undefined): json is { [key: string]: LosslessJson } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

export function asObject({ json, path }: Place): JsonObject {
  return isObject(json) ? json : complain(path, 'an object', json);
}

export function asList({ json, path }: Place): readonly Place[] {
  if (!Array.isArray(json)) return complain(path, 'a list', json);
  return json.map((item, index) => ({ json: item, path: `${path}[${index}]` }));
}

/** Whole numbers, also as decimal text. */
export function asInteger({ json, path }: Place, most = (1n << 64n) - 1n): bigint {
  const value = wholeNumber(json);
  if (value === undefined || value < 0n || value > most) {
    return complain(path, `a whole number from 0 to ${most}`, json);
  }
  return value;
}

export function asU16(place: Place): number {
  return Number(asInteger(place, 65_535n));
}

export function asU32(place: Place): number {
  return Number(asInteger(place, 0xffff_ffffn));
}

export function asSigned16({ json, path }: Place): number {
  const value = wholeNumber(json);
  const fits = value !== undefined && BigInt.asIntN(16, value) === value;
  return fits ? Number(value) : complain(path, 'a whole number from -32768 to 32767', json);
}

export function asBoolean({ json, path }: Place): boolean {
  if (json === true || json === 1) return true;
  return json === false || json === 0 ? false : complain(path, 'true or false', json);
}

export function asNumber({ json, path }: Place): number {
  if (typeof json === 'bigint') return Number(json);
  return typeof json === 'number' ? json : complain(path, 'a number', json);
}

/** A number as multiples of `1 / unit`, to nearest; its size must stay below `limit`. */
export function asFixed(place: Place, unit: number, limit: number): bigint {
  const value = asNumber(place);
  if (!(Math.abs(value) < limit)) return complain(place.path, 'a smaller number', place.json);
  return BigInt(Math.round(value * unit));
}

export function asText({ json, path }: Place): string {
  return typeof json === 'string' ? json : complain(path, 'a text', json);
}

/** Entries of an object whose keys are uids. */
export function uidEntries(place: Place): readonly (readonly [number, Place])[] {
  return Object.entries(asObject(place)).map(([key, json]) => {
    const path = `${place.path}.${key}`;
    if (!/^\d{1,5}$/.test(key)) throw new CaseProblem(`${path}: expected a uid as the key`);
    return [Number(key), { json, path }] as const;
  });
}

function wholeNumber(json: LosslessJson | undefined): bigint | undefined {
  if (typeof json === 'bigint') return json;
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : undefined;
  return typeof json === 'string' && /^-?\d{1,40}$/.test(json) ? BigInt(json) : undefined;
}

/**
 * The fields of one object. Every field must be taken or be an annotation; `done` complains about
 * the others, so that nothing in a case is passed over in silence.
 */
export class Fields {
  readonly path: string;
  private readonly object: JsonObject;
  private readonly taken = new Set<string>(annotations);

  constructor(place: Place) {
    this.object = asObject(place);
    this.path = place.path;
  }

  /** The first of the names that is present. */
  optional(...names: readonly string[]): Place | undefined {
    for (const name of names) this.taken.add(name);
    const name = names.find((candidate) => this.object[candidate] !== undefined);
    return name === undefined
      ? undefined
      : { json: this.object[name], path: `${this.path}.${name}` };
  }

  required(...names: readonly string[]): Place {
    return this.optional(...names) ?? complain(`${this.path}.${names[0]}`, 'a value', undefined);
  }

  rest(): readonly (readonly [string, Place])[] {
    const names = Object.keys(this.object).filter((name) => !this.taken.has(name));
    return names.map((name) => {
      this.taken.add(name);
      return [name, { json: this.object[name], path: `${this.path}.${name}` }] as const;
    });
  }

  done(): void {
    const unknown = this.rest()[0];
    if (unknown !== undefined) throw new CaseProblem(`${unknown[1].path}: unknown field`);
  }
}

const annotations = ['note', 'notes', 'comment', 'title', 'description', 'label', 'source'];
