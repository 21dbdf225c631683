import { connect } from 'node:net';

export interface BlastResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

export interface BlastOptions {
  readonly port: number;
  /** Each is sent at most once: a signed request is good for one use. */
  readonly requests: readonly Uint8Array[];
  readonly concurrency: number;
  readonly seconds: number;
}

interface Load {
  readonly options: BlastOptions;
  readonly latencies: number[];
  readonly statuses: Record<string, number>;
  readonly endMs: number;
  next: number;
}

/** Closed loop over raw keep-alive sockets with requests made beforehand: the cheapest client. */
export async function blast(options: BlastOptions): Promise<BlastResult> {
  const started = performance.now();
  const endMs = started + options.seconds * 1000;
  const load: Load = { options, latencies: [], statuses: {}, endMs, next: 0 };
  await Promise.all(Array.from({ length: options.concurrency }, () => oneCaller(load)));
  const seconds = (performance.now() - started) / 1000;
  const sorted = load.latencies.sort((a, b) => a - b);
  return {
    requestsPerSecond: sorted.length / seconds,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    statuses: load.statuses,
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function oneCaller(load: Load): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: load.options.port, noDelay: true });
    socket.once('error', reject);
    socket.once('close', () => resolve());
    let sentMs = 0;
    let answer: Buffer = Buffer.alloc(0);
    const sendNext = (): void => {
      const request = performance.now() < load.endMs ? load.options.requests[load.next] : undefined;
      if (request === undefined) return void socket.destroy();
      load.next += 1;
      sentMs = performance.now();
      answer = Buffer.alloc(0);
      socket.write(request);
    };
    socket.on('connect', sendNext);
    socket.on('data', (chunk: Buffer) => {
      answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk]);
      const status = statusWhenWhole(answer);
      if (status === null) return;
      load.latencies.push(performance.now() - sentMs);
      load.statuses[status] = (load.statuses[status] ?? 0) + 1;
      sendNext();
    });
  });
}

/** The status once head and body have arrived; answers always say their length. */
function statusWhenWhole(answer: Buffer): string | null {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = answer.toString('latin1', 0, headEnd);
  const length = /content-length: *(\d+)/i.exec(head)?.[1] ?? '0';
  return answer.length < headEnd + 4 + Number(length) ? null : head.slice(9, 12);
}

/** One HTTP/1.1 request as bytes. */
export function requestBytes(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Uint8Array {
  const lines = Object.entries({ host: 'miner', ...headers, 'content-length': body.length });
  const head = lines.map(([name, value]) => `${name}: ${value}`).join('\r\n');
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n\r\n`), body]);
}
