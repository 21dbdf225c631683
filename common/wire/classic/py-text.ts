import type { PyDict, PyValue } from './py-value.ts';

/** `str(value)` of Python 3: what a classic body hash is taken over. */
export function pyStr(value: PyValue): string {
  return typeof value === 'string' ? value : pyRepr(value);
}

/** `repr(value)` of Python 3: how a value stands within a list or dict. */
export function pyRepr(value: PyValue): string {
  if (typeof value === 'string') return reprText(value);
  if (typeof value === 'number') return reprFloat(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null ? 'None' : reprContainer(value);
}

function reprContainer(value: readonly PyValue[] | PyDict): string {
  if (isList(value)) return `[${value.map(pyRepr).join(', ')}]`;
  const entries = Array.from(value, ([key, item]) => `${reprText(key)}: ${pyRepr(item)}`);
  return `{${entries.join(', ')}}`;
}

function isList(value: readonly PyValue[] | PyDict): value is readonly PyValue[] {
  return Array.isArray(value);
}

/**
 * Shortest digits that read back the same, as in JavaScript, but with a point or an exponent
 * always, and the exponent from 1e16 on and below 1e-4.
 */
function reprFloat(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) return withPoint(value.toString());
  if (size === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (Number.isNaN(value)) return 'nan';
  if (size === Infinity) return value > 0 ? 'inf' : '-inf';
  return twoDigitExponent(value.toExponential());
}

function withPoint(text: string): string {
  return text.includes('.') ? text : `${text}.0`;
}

function twoDigitExponent(text: string): string {
  return text.replace(/e([-+])([0-9])$/, 'e$10$2');
}

// What Python finds not printable, the plain space left out; and what a literal has to escape.
const special = /[\\'\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** A text is tested before anything is replaced: most need nothing. */
const maybeSpecial = /[^\x20-\x26\x28-\x5b\x5d-\x7e]/;

function reprText(text: string): string {
  if (!maybeSpecial.test(text)) return `'${text}'`;
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  return mark + text.replace(special, (character) => escaped(character, mark)) + mark;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escaped(character: string, mark: string): string {
  if (character === "'") return mark === "'" ? "\\'" : character;
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0');
}
