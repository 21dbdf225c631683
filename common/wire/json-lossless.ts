/** JSON as `parseLossless` gives it: integers that a double cannot hold are bigints. */
export type LosslessJson =
  null | boolean | number | bigint | string | LosslessJson[] | { [key: string]: LosslessJson };

/**
 * True when arrays and objects nest deeper than `maxDepth`. Counts brackets with the engine's own
 * search first: a text with few of them, like a flat tensor, needs no walk.
 */
export function isDeeperThan(text: string, maxDepth: number): boolean {
  return countUpTo(text, '[', maxDepth) + countUpTo(text, '{', maxDepth) > maxDepth
    ? measuredDeeper(text, maxDepth)
    : false;
}

/**
 * Reads text that `JSON.parse` has accepted once more, this time keeping integer literals beyond
 * 2^53 whole. Repeated keys: the last one counts, as in `JSON.parse`. The result has objects
 * without prototype. Call it on nothing that was not validated: it does not check the grammar.
 */
export function parseLossless(validJson: string): LosslessJson {
  const root: LosslessJson[] = [];
  const open: Open[] = [{ value: root, key: null }];
  for (const [token] of validJson.matchAll(tokens)) readToken(token, open);
  return root[0] ?? null;
}

interface Open {
  readonly value: LosslessJson[] | { [key: string]: LosslessJson };
  /** In an object: the key whose value comes next. */
  key: string | null;
}

// Strings, numbers and words whole; brackets one by one. Commas and colons carry nothing here.
const tokens = /"(?:[^"\\]|\\.)*"|[-0-9][0-9.eE+-]*|true|false|null|[[\]{}]/g;

function readToken(token: string, open: Open[]): void {
  const top = open.at(-1);
  if (top === undefined) return;
  if (token === ']' || token === '}') open.pop();
  else if (token === '[') open.push({ value: put(top, []), key: null });
  else if (token === '{') open.push({ value: put(top, emptyObject()), key: null });
  else if (isKey(token, top)) top.key = String(JSON.parse(token));
  else put(top, scalar(token));
}

function isKey(token: string, top: Open): boolean {
  return token.startsWith('"') && !Array.isArray(top.value) && top.key === null;
}

function put<T extends LosslessJson>(top: Open, value: T): T {
  if (Array.isArray(top.value)) top.value.push(value);
  else if (top.key !== null) top.value[top.key] = value;
  top.key = null;
  return value;
}

function emptyObject(): { [key: string]: LosslessJson } {
  return Object.create(null) as { [key: string]: LosslessJson };
}

function scalar(token: string): LosslessJson {
  const value = JSON.parse(token) as null | boolean | number | string;
  const unsafe = typeof value === 'number' && !Number.isSafeInteger(value);
  return unsafe && /^-?[0-9]+$/.test(token) ? BigInt(token) : value;
}

function countUpTo(text: string, character: string, most: number): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) {
    count += 1;
    if (count > most) break;
  }
  return count;
}

const quote = 0x22;
const backslash = 0x5c;

function measuredDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else depth += depthStep(code);
    if (depth > maxDepth) return true;
  }
  return false;
}

function depthStep(code: number): number {
  if (code === 0x5b || code === 0x7b) return 1;
  return code === 0x5d || code === 0x7d ? -1 : 0;
}

/** The place of the closing quote, or the end of a text that has none. */
function endOfString(text: string, opening: number): number {
  for (let at = opening + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at += 1;
  }
  return text.length;
}
