import { catalogue } from './error-catalogue.ts';

export type ErrorCode = keyof typeof catalogue;

/** Facts about where an error happened; values are shown to people, so never put a secret in. */
export type ErrorFacts = Readonly<Record<string, string | number | bigint | boolean>>;

/** An error that a person can meet: its code stands in the catalogue and in docs/errors.md. */
export class SubnetError extends Error {
  override readonly name = 'SubnetError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts = {}, options: { cause?: unknown } = {}) {
    super(describe(code, facts), options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.facts = facts;
  }

  get exitCode(): number {
    return catalogue[this.code].exit;
  }

  get fix(): string {
    return catalogue[this.code].fix;
  }
}

/** One line: the title, then `detail` as prose, then the other facts as `name=value`. */
function describe(code: ErrorCode, facts: ErrorFacts): string {
  const { detail, ...rest } = facts;
  const pairs = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  const prose = detail === undefined ? '' : `: ${String(detail)}`;
  return `${catalogue[code].title}${prose}${pairs.length === 0 ? '' : ` (${pairs.join(', ')})`}`;
}

export function isSubnetError(error: unknown): error is SubnetError {
  return error instanceof SubnetError;
}

/** The message of anything that was thrown, for logs and for `detail` facts. */
export function messageOf(error: unknown): string {
  const message: unknown =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  return typeof message === 'string' ? message : String(error);
}
