/**
 * A JSON value as Python holds it: an integer is a bigint, a float is a number, so that `1` and
 * `1.0` stay two things; objects keep the order of their keys.
 */
export type PyValue = null | boolean | bigint | number | string | readonly PyValue[] | PyDict;

export type PyDict = ReadonlyMap<string, PyValue>;

/**
 * Python's reading of a JSON text that `JSON.parse` has accepted; call it on no other. A repeated
 * key keeps its first place and takes its last value, as in a dict.
 */
export function readPyValue(validJson: string): PyValue {
  return readValue({ text: validJson, at: 0 });
}

/**
 * The members of a JSON object, as they are written; of a text that `JSON.parse` has accepted and
 * found to be an object.
 */
export function memberTexts(validJson: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  const cursor: Cursor = { text: validJson, at: 0 };
  for (const key of keysOf(cursor)) {
    skipSpace(cursor);
    const start = cursor.at;
    skipValue(cursor);
    members.set(key, cursor.text.slice(start, cursor.at));
  }
  return members;
}

interface Cursor {
  readonly text: string;
  at: number;
}

const backslash = 0x5c;
const number = /-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;

function readValue(cursor: Cursor): PyValue {
  skipSpace(cursor);
  switch (cursor.text.charAt(cursor.at)) {
    case '"':
      return readString(cursor);
    case '[':
      return readList(cursor);
    case '{':
      return readDict(cursor);
    case 't':
      return word(cursor, 4, true);
    case 'f':
      return word(cursor, 5, false);
    case 'n':
      return word(cursor, 4, null);
    default:
      return readNumber(cursor);
  }
}

function word<T>(cursor: Cursor, length: number, value: T): T {
  cursor.at += length;
  return value;
}

function readNumber(cursor: Cursor): bigint | number {
  number.lastIndex = cursor.at;
  const match = number.exec(cursor.text);
  if (match === null) throw new SyntaxError(`no JSON value at ${cursor.at}`);
  cursor.at = number.lastIndex;
  const [token, fraction, exponent] = match;
  const isFloat = fraction !== undefined || exponent !== undefined;
  return isFloat ? Number(token) : BigInt(token);
}

function readString(cursor: Cursor): string {
  const start = cursor.at;
  skipString(cursor);
  const token = cursor.text.slice(start, cursor.at);
  return token.includes('\\') ? String(JSON.parse(token)) : token.slice(1, -1);
}

function readList(cursor: Cursor): PyValue[] {
  const items: PyValue[] = [];
  while (!closes(cursor, ']')) items.push(readValue(cursor));
  return items;
}

function readDict(cursor: Cursor): PyDict {
  const dict = new Map<string, PyValue>();
  for (const key of keysOf(cursor)) dict.set(key, readValue(cursor));
  return dict;
}

/** The keys of an object; the cursor stands behind the colon while one is looked at. */
function* keysOf(cursor: Cursor): Generator<string> {
  skipSpace(cursor);
  while (!closes(cursor, '}')) {
    skipSpace(cursor);
    const key = readString(cursor);
    skipSpace(cursor);
    cursor.at += 1;
    yield key;
  }
}

/** Steps over the opening bracket or a comma; true, and behind it, at the closing bracket. */
function closes(cursor: Cursor, bracket: ']' | '}'): boolean {
  skipSpace(cursor);
  const character = cursor.text[cursor.at];
  cursor.at += 1;
  if (character === bracket) return true;
  if (character === undefined) throw new SyntaxError('the JSON text ends too soon');
  skipSpace(cursor);
  if (character === ',' || cursor.text[cursor.at] !== bracket) return false;
  cursor.at += 1;
  return true;
}

function skipSpace(cursor: Cursor): void {
  while (isSpace(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** From quote to quote. A quote behind an odd number of backslashes ends nothing. */
function skipString(cursor: Cursor): void {
  let end = cursor.text.indexOf('"', cursor.at + 1);
  while (end !== -1 && isEscaped(cursor.text, end)) end = cursor.text.indexOf('"', end + 1);
  cursor.at = end === -1 ? cursor.text.length : end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === backslash) first -= 1;
  return (at - first) % 2 === 1;
}

// The engine looks for these faster than a loop: between them lie long rows of numbers.
const scalarEnd = /[,\]}\s]/g;
const bracketOrQuote = /["[\]{}]/g;

/** To the comma or bracket that ends the value. */
function skipValue(cursor: Cursor): void {
  const character = cursor.text[cursor.at];
  if (character === '"') skipString(cursor);
  else if (character === '[' || character === '{') skipContainer(cursor);
  else cursor.at = found(scalarEnd, cursor);
}

function skipContainer(cursor: Cursor): void {
  let depth = 0;
  do {
    cursor.at = found(bracketOrQuote, cursor);
    const character = cursor.text[cursor.at];
    if (character === '"') {
      skipString(cursor);
      continue;
    }
    depth += character === '[' || character === '{' ? 1 : -1;
    cursor.at += 1;
  } while (depth > 0 && cursor.at < cursor.text.length);
}

function found(pattern: RegExp, { text, at }: Cursor): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.index ?? text.length;
}
