import { expect, it } from 'vitest';
import { quietLibraryLogs } from '../../cli/quiet-console.ts';

it('drops what the chain library writes by itself and nothing else', () => {
  const lines: unknown[][] = [];
  const write = (...parts: unknown[]): void => void lines.push(parts);
  const console = { error: write, warn: write, log: write };
  quietLibraryLogs(console);
  console.error('2026-11-21 05:02:31', '         API-WS:', 'disconnected from ws://127.0.0.1:1');
  console.warn('2026-11-21 05:02:31        RPC-CORE: getHeader(): WebSocket is not connected');
  console.error('error CHAIN_UNREACHABLE: no endpoint');
  expect(lines).toEqual([['error CHAIN_UNREACHABLE: no endpoint']]);
});
