import { z } from 'zod';
import { datatypes } from '../tensor.ts';
import { raoPerTao } from '../rao.ts';

/** Fields that several kinds of YAML have in common. */

export const port = z.int().min(0).max(65535);
export const listenPort = port.describe('TCP port; 0 finds a free one');
export const netuid = z.int().min(0).max(65535).describe('Number of the subnet');
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, ".", "_", "-"; at most 64');
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits (in quotes)')
  .describe('SHA-256 of the file');
export const ratio = z.number().min(0).max(1);
export const url = z
  .string()
  .refine(isWebSocketUrl, 'expected a ws:// or wss:// address with a host, and a port up to 65535')
  .meta({ format: 'uri', pattern: '^[wW][sS][sS]?://' });

function isWebSocketUrl(text: string): boolean {
  const url = /\s/.test(text) ? null : parsedUrl(text);
  return url !== null && (url.protocol === 'ws:' || url.protocol === 'wss:');
}

/** null for what is none. */
function parsedUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** Twice the same endpoint is no second one to fall back on. */
function checkEndpoints(endpoints: readonly string[], context: z.core.$RefinementCtx): void {
  const places = endpoints.map((one) => parsedUrl(one)?.toString() ?? one);
  places.forEach((place, index) => {
    const first = places.indexOf(place);
    if (first === index) return;
    const message = `the same endpoint as number ${first + 1}`;
    context.addIssue({ code: 'custom', path: [index], message });
  });
}

export const ss58 = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{46,50}$/, 'an SS58 address');
/** What the chain can hold of it: a u64 of RAO, exactly. */
function isExactTao(amount: number): boolean {
  return amount <= 18_446_744_073 && Number(amount.toFixed(9)) === amount;
}

export const tao = z
  .union([
    z.number().min(0).refine(isExactTao, 'an amount with at most nine decimals'),
    z.string().regex(/^\d{1,11}(\.\d{1,9})?$/, 'an amount such as "1.5"'),
  ])
  .describe('Amount in TAO, at most nine decimals');

export const tensorSpec = z.strictObject({
  name: z.string().min(1).max(128),
  datatype: z.enum(datatypes),
  shape: z.array(z.int().min(-1)).min(1).max(8).describe('-1 stands for the batch'),
});

export const chain = z
  .strictObject({
    endpoints: z
      .array(url)
      .min(1)
      .superRefine(checkEndpoints)
      .describe('Tried in order; all must be the same chain'),
    requestTimeoutMs: z.int().min(100).max(600_000).default(20_000),
    startPatienceMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(600_000)
      .describe('How long a start goes on trying while no endpoint can be reached; 0: one try'),
  })
  .describe('How to reach the chain');

export const wallet = z
  .strictObject({
    path: z.string().default('~/.bittensor/wallets'),
    name: z.string().min(1).default('default'),
    hotkey: z.string().min(1).default('default'),
  })
  .describe('A wallet in the Bittensor directory layout');

export const log = z
  .strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    format: z.enum(['auto', 'json', 'pretty']).default('auto'),
  })
  .prefault({});

export const rules = z
  .strictObject({
    onMismatch: z
      .enum(['warn', 'refuse', 'ignore'])
      .default('warn')
      .describe('When the owner committed the sha256 of another subnet YAML on chain'),
  })
  .prefault({})
  .describe("Compares the subnet YAML with the owner's commitment on chain");

/** Where a node tells of itself. */
export function metrics(defaultPort: number) {
  return z
    .strictObject({
      enabled: z.boolean().default(true),
      host: z
        .string()
        .default('127.0.0.1')
        .describe(
          'A validator shows scores there, and weights before their reveal: keep it private',
        ),
      port: listenPort.default(defaultPort),
    })
    .prefault({})
    .describe('Prometheus metrics, health and status over HTTP');
}

/** RAO (1e-9 TAO) of an amount as the YAML holds it; exact for strings of nine decimals. */
export function raoOf(amount: number | string): bigint {
  const text = typeof amount === 'number' ? amount.toFixed(9) : amount;
  const [whole = '0', decimals = ''] = text.split('.');
  return BigInt(whole) * raoPerTao + BigInt(decimals.padEnd(9, '0').slice(0, 9) || '0');
}
