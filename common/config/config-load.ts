import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import { z } from 'zod';
import { SubnetError, messageOf } from '../errors.ts';
import { closestName } from './closest-name.ts';

export interface ConfigProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Dotted path in the file, e.g. `tasks.0.source.sha256`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** All that is wrong with one file, each with its place. */
export class ConfigError extends SubnetError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map(formatProblem).join('\n  ');
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super('CONFIG_INVALID', { detail: `${count} in ${file}\n  ${lines}` });
    this.problems = problems;
  }
}

export function formatProblem(problem: ConfigProblem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === '' ? '' : ` ${problem.path}:`;
  return `${where}${path} ${problem.message}${problem.hint === '' ? '' : ` (${problem.hint})`}`;
}

/** Where and what, then what to do about it on a line of its own, as for errors. */
export function problemLines(problem: ConfigProblem): readonly string[] {
  const first = formatProblem({ ...problem, hint: '' });
  return problem.hint === '' ? [first] : [first, `  hint: ${problem.hint}`];
}

export interface LoadedConfig<T> {
  readonly value: T;
  readonly file: string;
  /** Relative paths inside the file are relative to this. */
  readonly baseDir: string;
}

/**
 * Reads one YAML file against its schema. Throws CONFIG_NOT_FOUND, or ConfigError
 * (CONFIG_INVALID) that lists all problems at once. Configuration never executes: custom tags
 * are refused.
 */
export function loadConfig<S extends z.ZodType>(
  file: string,
  schema: S,
): LoadedConfig<z.output<S>> {
  return {
    value: parseConfig(readText(file), file, schema),
    file,
    baseDir: dirname(resolve(file)),
  };
}

/** As `loadConfig`, on text that was read already. */
export function parseConfig<S extends z.ZodType>(
  text: string,
  file: string,
  schema: S,
): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' });
  const jsonSchema = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const source: Source = { file, document, lines, jsonSchema };
  const syntax = [...document.errors, ...document.warnings].map((issue) =>
    problemAt(source, issue.pos[0], '', firstLine(issue.message), ''),
  );
  const wrong = [...syntax, ...unresolvedAliases(source)];
  if (wrong.length > 0) throw new ConfigError(file, wrong);
  const parsed = schema.safeParse(toPlain(source));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(source, issue));
  throw new ConfigError(
    file,
    problems.sort((a, b) => a.line - b.line || a.column - b.column),
  );
}

/** Resolves a path that stands in a file: `~` is the home folder, the rest relative to `baseDir`. */
export function resolvePath(baseDir: string, path: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? path : resolve(baseDir, path);
}

interface Source {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly jsonSchema: JsonSchema;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SubnetError('CONFIG_NOT_FOUND', { file, detail: reasonOf(cause) }, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const known: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
  };
  return known[code] ?? messageOf(cause);
}

function unresolvedAliases(source: Source): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(source.document, {
    Alias: (_, alias) => {
      if (alias.resolve(source.document) !== undefined) return;
      const message = `the alias *${alias.source} has no anchor &${alias.source} before it`;
      problems.push(problemAt(source, startOf(alias) ?? 0, '', message, ''));
    },
  });
  return problems;
}

function toPlain(source: Source): unknown {
  try {
    return source.document.toJS({ maxAliasCount: 50 }) ?? {};
  } catch (cause) {
    throw new ConfigError(source.file, [problemAt(source, 0, '', messageOf(cause), '')]);
  }
}

type Issue = z.core.$ZodIssue;

function problemsOf(source: Source, issue: Issue): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(source, issue, key));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const message = [...new Set(issue.errors.flat().map((inner) => inner.message))].join(', or ');
    return [problemOnPath(source, issue.path, message, '')];
  }
  return [problemOnPath(source, issue.path, sentenceOf(source, issue), hintOf(source, issue))];
}

function unknownKey(source: Source, issue: Issue, key: string): ConfigProblem {
  const known = propertyNames(source.jsonSchema, issue.path);
  const closest = closestName(key, known);
  const list = known.length === 0 ? '' : `known: ${known.join(', ')}`;
  const path = [...issue.path, key];
  const offset = offsetOf(source.document, path, 'key');
  const hint = closest === null ? list : `did you mean ${closest}?`;
  return problemAt(source, offset, path.join('.'), 'unknown key', hint);
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** The keys that the schema knows at `path`. */
function propertyNames(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  const options = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const [head, ...rest] = path;
  if (head === undefined) {
    const names = options.flatMap((option) => Object.keys(option.properties ?? {}));
    return [...new Set(names)].filter((name) => name !== '$schema');
  }
  return options.flatMap((option) => {
    const next = typeof head === 'number' ? option.items : option.properties?.[String(head)];
    return next === undefined ? [] : propertyNames(next, rest);
  });
}

function sentenceOf(source: Source, issue: Issue): string {
  // What does not fit together may be a default, of which nothing stands in the file.
  if (issue.code !== 'custom' && !hasPath(source.document, issue.path)) return 'is missing';
  if (issue.code === 'invalid_value')
    return `must be one of ${issue.values.map(String).join(', ')}`;
  return issue.message.replace(/^(Invalid input|Invalid string): /, '');
}

function hintOf(source: Source, issue: Issue): string {
  const node = source.document.getIn(issue.path, true);
  if (issue.code === 'invalid_type' && issue.expected === 'string' && isScalar(node)) {
    return 'put the value in quotes';
  }
  if (issue.code === 'invalid_value' && isScalar(node)) {
    const closest = closestName(String(node.value), issue.values.map(String));
    return closest === null ? '' : `did you mean ${closest}?`;
  }
  return '';
}

function hasPath(document: Document.Parsed, path: readonly PropertyKey[]): boolean {
  return path.length === 0 || document.hasIn(path);
}

/** The place of the deepest part of the path that the file has; the key itself where it exists. */
function problemOnPath(
  source: Source,
  path: readonly PropertyKey[],
  message: string,
  hint: string,
): ConfigProblem {
  return problemAt(source, offsetOf(source.document, path), path.join('.'), message, hint);
}

function offsetOf(
  document: Document.Parsed,
  path: readonly PropertyKey[],
  want: 'value' | 'key' = 'value',
): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const part of path) {
    const next = childOf(node, part);
    if (next === null) return offset;
    offset = next.offset;
    node = next.value;
  }
  const atKey = want === 'key' || isMap(node) || isSeq(node) || path.length === 0;
  return atKey ? offset : (startOf(node) ?? offset);
}

function childOf(node: unknown, part: PropertyKey): { offset: number; value: unknown } | null {
  if (isMap(node)) return pairOf(node.items, part);
  if (!isSeq(node)) return null;
  const value = node.items[Number(part)];
  return value === undefined ? null : { offset: startOf(value) ?? 0, value };
}

function pairOf(items: readonly Pair[], part: PropertyKey) {
  const pair = items.find((item) => isPair(item) && keyText(item.key) === String(part));
  return pair === undefined ? null : { offset: startOf(pair.key) ?? 0, value: pair.value };
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function startOf(node: unknown): number | null {
  return isNode(node) ? ((node as Node).range?.[0] ?? null) : null;
}

function problemAt(
  source: Source,
  offset: number,
  path: string,
  message: string,
  hint: string,
): ConfigProblem {
  const { line, col } = source.lines.linePos(offset);
  return {
    file: source.file,
    line: Math.max(line, 1),
    column: Math.max(col, 1),
    path,
    message,
    hint,
  };
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? text).slice(0, 200).replace(/ at line \d+, column \d+:?$/, '');
}
