import process from 'node:process';

/** What a command may touch of the terminal: handed in, so that tests can look at it. */
export interface CliIo {
  out(text: string): void;
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** stdout is a terminal, NO_COLOR is unset: colours and live views are welcome. */
  readonly isTty: boolean;
  readonly colour: boolean;
  /** Infinity where no terminal ends the line. */
  readonly columns: number;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Exit code of a command that ended without throwing; 0 unless set. */
  setExitCode(code: number): void;
}

export function processIo(signal: AbortSignal): CliIo {
  const isTty = process.stdout.isTTY;
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    env: process.env,
    isTty,
    colour: isTty && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb',
    columns: isTty ? widthOf(process.stdout) : Infinity,
    signal,
    setExitCode: (code) => {
      process.exitCode = code;
    },
  };
}

/** Some terminals say 0, others nothing. */
function widthOf({ columns }: { readonly columns?: number }): number {
  return columns === undefined || columns === 0 ? 80 : columns;
}
