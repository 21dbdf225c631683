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

/** A logger whose fields are cleaned of secrets by name before any line is built. */
export function createLogger(options: LogOptions = {}): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const format = options.format ?? (process.stderr.isTTY ? 'pretty' : 'json');
  const sink = { write: format === 'json' ? write : (line: string) => write(prettyLine(line)) };
  const base = { ...redact(options.fields ?? {}) };
  return wrap(
    pino({ level: options.level ?? 'info', base, timestamp: pino.stdTimeFunctions.isoTime }, sink),
  );
}

function wrap(logger: PinoLogger): Logger {
  return {
    debug: (message, fields) => logger.debug(redact(fields ?? {}), message),
    info: (message, fields) => logger.info(redact(fields ?? {}), message),
    warn: (message, fields) => logger.warn(redact(fields ?? {}), message),
    error: (message, fields) => logger.error(redact(fields ?? {}), message),
    child: (fields) => wrap(logger.child(redact(fields))),
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
