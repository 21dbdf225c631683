import pino from 'pino';
import type { Logger as PinoLogger } from 'pino';
import { isSubnetError, messageOf } from '../errors.ts';
import type { LogFields, Logger } from '../telemetry-port.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level?: LogLevel;
  /** `json`: one object a line. `pretty`: time, level, message, fields. Default: by terminal. */
  readonly format?: 'json' | 'pretty';
  /** Fields on every line, e.g. `{ node: 'miner' }`. */
  readonly fields?: LogFields;
  /** Where lines go; default standard error, so that standard output stays for results. */
  readonly write?: (line: string) => void;
}

const secretName = /(mnemonic|secret|seed|password|passphrase|private|keyfile|authorization|suri)/i;
const maxDepth = 6;

/** A logger whose level can be changed while it is in use; its children go with it. */
export interface AdjustableLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** A logger whose fields are cleaned of secrets by name before any line is built. */
export function createLogger(options: LogOptions = {}): AdjustableLogger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const format = options.format ?? (process.stderr.isTTY ? 'pretty' : 'json');
  const sink = { write: format === 'json' ? write : (line: string) => write(prettyLine(line)) };
  const base = { ...redact(options.fields ?? {}) };
  const threshold: Threshold = { level: options.level ?? 'info' };
  const logger = pino({ level: 'debug', base, timestamp: pino.stdTimeFunctions.isoTime }, sink);
  return { ...wrap(logger, threshold), setLevel: (level) => void (threshold.level = level) };
}

/** Shared by a logger and all of its children. */
interface Threshold {
  level: LogLevel;
}

const ranks: Readonly<Record<LogLevel, number>> = {
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  silent: 60,
};

function wrap(logger: PinoLogger, threshold: Threshold): Logger {
  const write =
    (level: Exclude<LogLevel, 'silent'>) =>
    (message: string, fields?: LogFields): void => {
      // Asked first: cleaning the fields of a line that nobody sees is wasted.
      if (ranks[level] >= ranks[threshold.level]) logger[level](redact(fields ?? {}), message);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(logger.child(redact(fields)), threshold),
  };
}

/** A copy with secret-looking names masked, bytes counted instead of shown, errors as text. */
export function redact(fields: LogFields): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      secretName.test(name) ? '[redacted]' : redactValue(value, depth + 1),
    ]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) return '[deep]';
  if (value instanceof Error) return errorFields(value);
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return redactObject(value, depth);
}

function errorFields(error: Error): Record<string, unknown> {
  const code = isSubnetError(error) ? { code: error.code } : {};
  return { ...code, message: messageOf(error), name: error.name };
}

const levelNames: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info ',
  40: 'warn ',
  50: 'error',
};

/** Line of a person's terminal, from the JSON line. */
function prettyLine(line: string): string {
  const { level, time, msg, ...rest }: Record<string, unknown> = JSON.parse(line);
  const clock = String(time).slice(11, 23);
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${shown(value)}`);
  return `${[clock, levelNames[Number(level)] ?? level, msg, ...fields].join(' ')}\n`;
}

function shown(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}
