/** Prefixes under which @polkadot writes to the console by itself; it has no switch for that. */
const libraryLine = /\b(API-WS|RPC-CORE|API\/INIT|REGISTRY|METADATA|API\/DECORATION)\s*:/;

/**
 * Keeps what the chain library says on the console from the operator's logs: each of these facts
 * reaches them as a logged event or as a coded error already.
 */
export function quietLibraryLogs(console: Pick<Console, 'error' | 'warn' | 'log'>): void {
  for (const level of ['error', 'warn', 'log'] as const) {
    const write = console[level].bind(console);
    console[level] = (...parts: unknown[]) => {
      if (!parts.some((part) => typeof part === 'string' && libraryLine.test(part))) {
        write(...parts);
      }
    };
  }
}
