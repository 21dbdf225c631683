export interface ErrorEntry {
  /** Process exit code: 1 failed, 2 wrong input, 3 the environment, 4 the chain refused. */
  readonly exit: 1 | 2 | 3 | 4;
  readonly title: string;
  readonly fix: string;
}

/**
 * Every error that a person can meet, by area. docs/errors.md is generated from this table
 * (`npm run schema`), and a test holds both together. `fix` says what to do.
 */
export const catalogue = {
  // configuration
  CONFIG_NOT_FOUND: {
    exit: 2,
    title: 'The configuration file cannot be read',
    fix: 'Check the path after --config and that the file is readable.',
  },
  CONFIG_INVALID: {
    exit: 2,
    title: 'The configuration is not valid',
    fix: 'Mend each place that is listed with its file, line and column.',
  },
  USAGE: {
    exit: 2,
    title: 'The command line is not valid',
    fix: 'See the help of the command: subnet <command> --help.',
  },
  // the machine
  PORT_TAKEN: {
    exit: 3,
    title: 'The port is already taken',
    fix: 'Choose another port, or stop the process that holds it.',
  },
  STORE_LOCKED: {
    exit: 3,
    title: 'The state directory is in use by another process',
    fix: 'Stop the other process, or choose another state directory.',
  },
  STORE_FAILED: {
    exit: 3,
    title: 'The state directory cannot be read or written',
    fix: 'Check that the disk is not full and that the directory is writable.',
  },
  INTERNAL: {
    exit: 1,
    title: 'An unexpected error; this is a fault in subnet-suite',
    fix: 'Please report it with the log lines before it.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
