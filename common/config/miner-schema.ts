import { z } from 'zod';
import { backendSchema } from './backend-schema.ts';
import { modelsConfig, preparationConfig } from './models-schema.ts';
import { checkRoutes, synapseRoute } from './synapse-schema.ts';
import {
  chain,
  listenPort,
  raoOf,
  log,
  metrics,
  name,
  netuid,
  port,
  rules,
  sha256,
  ss58,
  tao,
  wallet,
} from './field-schemas.ts';

const loopback = /^(127(\.\d{1,3}){3}|::1)$/;

const admin = z
  .strictObject({
    enabled: z.boolean().default(false),
    host: z.string().regex(loopback, 'a loopback address: 127.0.0.1 or ::1').default('127.0.0.1'),
    port: listenPort.default(9103),
    keys: z
      .array(ss58)
      .default([])
      .describe("Who may give commands beside the miner's own hotkey: hotkeys, a coldkey"),
  })
  .prefault({})
  .describe('Commands by signed requests (subnet miner admin, subnet miner models), on loopback');

/** What a miner YAML may look like while other parts of it are still wrong. */
interface LooseMiner {
  readonly model?: unknown;
  readonly modelRepository?: unknown;
  readonly models?: unknown;
  readonly backend?: { readonly timeoutMs?: unknown };
  readonly queue?: { readonly maxWaitMs?: unknown };
  readonly engine?: {
    readonly provider?: unknown;
    readonly require?: unknown;
    readonly memoryLimitMib?: unknown;
  };
  readonly server?: LoosePort;
  readonly metrics?: LoosePort;
  readonly admin?: LoosePort;
}

/** A port that the miner opens. */
interface LoosePort {
  readonly enabled?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
}

function checkMiner(value: unknown, context: z.core.$RefinementCtx): void {
  const miner = (typeof value === 'object' && value !== null ? value : {}) as LooseMiner;
  checkModelSource(miner, context);
  checkBackend(miner, context);
  checkPorts(miner, context);
  const { engine } = miner;
  const { provider, require, memoryLimitMib } = engine ?? {};
  if (provider === 'cpu' && memoryLimitMib !== undefined) {
    const message = 'provider: cpu has no device whose memory could be limited';
    context.addIssue({ code: 'custom', path: ['engine', 'memoryLimitMib'], message });
  }
  if (typeof provider !== 'string' || typeof require !== 'string' || provider === require) return;
  const message = `require: ${require} can never hold with provider: ${provider}`;
  context.addIssue({ code: 'custom', path: ['engine', 'require'], message });
}

const modelSources = ['model', 'modelRepository', 'backend'] as const;

function checkModelSource(miner: LooseMiner, context: z.core.$RefinementCtx): void {
  const [first, second] = modelSources.filter((key) => miner[key] !== undefined);
  if (first === undefined) {
    const message = `one of ${modelSources.join(', ')} is needed`;
    context.addIssue({ code: 'custom', path: ['model'], message });
  }
  if (second !== undefined) {
    const message = `stands beside ${first}: a miner has one of ${modelSources.join(', ')}`;
    context.addIssue({ code: 'custom', path: [second], message });
  }
  if (miner.models !== undefined && miner.modelRepository === undefined) {
    const message = 'has a meaning with modelRepository only';
    context.addIssue({ code: 'custom', path: ['models'], message });
  }
}

/** Otherwise a request ends before its first try does, and an upstream that hangs is never blamed. */
function checkBackend({ backend, queue }: LooseMiner, context: z.core.$RefinementCtx): void {
  const [tryMs, waitMs] = [backend?.timeoutMs, queue?.maxWaitMs];
  if (typeof tryMs !== 'number' || typeof waitMs !== 'number' || tryMs < waitMs) return;
  const message = `${tryMs} ms leave no time for a second try within queue.maxWaitMs: ${waitMs}`;
  context.addIssue({ code: 'custom', path: ['backend', 'timeoutMs'], message });
}

const portSections = ['server', 'metrics', 'admin'] as const;

/** Otherwise the miner itself is the process that holds the port. */
function checkPorts(miner: LooseMiner, context: z.core.$RefinementCtx): void {
  const open = portSections.filter((section) => isOpen(miner[section]));
  for (const [index, section] of open.entries()) {
    const other = open.slice(0, index).find((one) => doCollide(miner[one], miner[section]));
    if (other === undefined) continue;
    const message = `${String(miner[section]?.port)} is ${other}.port already: each needs its own`;
    context.addIssue({ code: 'custom', path: [section, 'port'], message });
  }
}

/** 0 finds a free port. */
function isOpen({ enabled, port: number }: LoosePort = {}): boolean {
  return enabled !== false && typeof number === 'number' && number !== 0;
}

function doCollide(a: LoosePort = {}, b: LoosePort = {}): boolean {
  return a.port === b.port && (a.host === b.host || isForAll(a.host) || isForAll(b.host));
}

function isForAll(host: unknown): boolean {
  return host === '0.0.0.0' || host === '::';
}

function areApart(classes: readonly { readonly minStakeTao: number | string }[]): boolean {
  const stakes = classes.map(({ minStakeTao }) => raoOf(minStakeTao));
  return new Set(stakes).size === stakes.length;
}

const entrances = z
  .strictObject({
    btauth: z.boolean().default(true).describe('Signed as by the Python SDK 11'),
    epistula: z
      .boolean()
      .default(false)
      .describe('Epistula v2; what it signs names no path: one on the way can choose the model'),
    classic: z
      .strictObject({ routes: z.array(synapseRoute).min(1).max(64).superRefine(checkRoutes) })
      .optional()
      .describe('Synapses of Python subnets on the SDK up to 10'),
  })
  .refine(({ btauth, epistula, classic }) => btauth || epistula || classic !== undefined, {
    error: 'at least one entrance has to be open',
  })
  .prefault({})
  .describe('How callers may prove who they are');

export const minerSchema = z
  .strictObject({
    $schema: z.string().optional(),
    netuid,
    chain,
    wallet: wallet.prefault({}),
    task: name.describe('Name of the task that is served; the model name in the protocol'),
    subnet: z
      .string()
      .min(1)
      .optional()
      .describe('The subnet YAML, relative to this file: compared with the chain when given'),
    rules,
    model: z
      .strictObject({
        path: z.string().min(1).describe('ONNX file, relative to this file'),
        sha256,
        batchAxis: z.boolean().default(true).describe('The first axis of each tensor is a batch'),
      })
      .optional()
      .describe('One ONNX file, served as version 1; it is refused when its hash differs'),
    modelRepository: z
      .string()
      .min(1)
      .optional()
      .describe('Folder of models with versions, in place of one model; relative to this file'),
    models: modelsConfig.optional(),
    preparation: preparationConfig,
    backend: backendSchema.optional(),
    engine: z
      .strictObject({
        provider: z.enum(['cuda', 'tensorrt', 'cpu']).default('cuda'),
        require: z
          .enum(['cuda', 'tensorrt', 'cpu'])
          .optional()
          .describe('Refuse to start, and to start anew, with another execution provider'),
        devices: z
          .array(z.int().min(0).max(63))
          .min(1)
          .max(16)
          .refine((devices) => new Set(devices).size === devices.length, 'a device is listed twice')
          .default([0])
          .describe('Numbers of the devices of cuda and tensorrt; each runs the model'),
        instances: z
          .int()
          .min(1)
          .max(64)
          .default(1)
          .describe('Model processes on each device; on the CPU two of one thread beat one of two'),
        threads: z.int().min(1).max(256).default(1).describe('Inside a run, of each instance'),
        spinning: z
          .boolean()
          .default(false)
          .describe('Threads look for work for a while before they sleep: sooner, for a busy core'),
        memoryLimitMib: z
          .int()
          .min(64)
          .max(1_048_576)
          .optional()
          .describe('Device memory of one instance, measured after warm-up; refused above it'),
        maxBatch: z.int().min(1).max(4096).default(32).describe('Rows of one run'),
        runTimeoutMs: z.int().min(10).max(600_000).default(10_000),
      })
      .prefault({}),
    server: z
      .strictObject({
        host: z.string().default('0.0.0.0'),
        port: listenPort.default(8091),
        externalIp: z.string().optional().describe('Address that is served on chain'),
        externalPort: port.optional(),
        maxBodyBytes: z.int().min(1024).max(1_073_741_824).default(16_777_216),
        maxAnswerBytes: z
          .int()
          .min(1024)
          .max(1_073_741_824)
          .default(67_108_864)
          .describe(
            'Outputs of a run for each of its requests, and the body of an answer; JSON at most 16 MiB of it',
          ),
        maxRows: z
          .int()
          .min(1)
          .max(16_777_216)
          .default(4096)
          .describe(
            'Of one request, where inputs and outputs share a free first axis and batchAxis is not false',
          ),
        maxBufferedBytes: z
          .int()
          .min(1024)
          .max(68_719_476_736)
          .default(268_435_456)
          .describe(
            'Of all bodies that are under way; one address may hold a quarter, callers that were not let in lately three quarters',
          ),
        maxConnections: z.int().min(1).max(1_000_000).default(4096),
        maxConnectionsPerAddress: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(512)
          .describe('An IPv4 address, or a /64 of IPv6'),
        requestTimeoutMs: z.int().min(100).max(600_000).default(10_000),
        drainMs: z.int().min(0).max(600_000).default(10_000),
        tls: z
          .strictObject({
            cert: z.string().min(1).describe('PEM of the certificate, relative to this file'),
            key: z.string().min(1).describe('PEM of its private key, relative to this file'),
          })
          .optional()
          .describe(
            'Serve by TLS, the key of the certificate published on chain (serve_axon_tls); plain HTTP when absent. Only callers that know of it can call: this suite does, the Python SDK does not',
          ),
        statistics: z
          .boolean()
          .default(false)
          .describe('Tell anyone counts and times of the models (/v2/models/stats)'),
        verifyThreads: z
          .int()
          .min(0)
          .max(16)
          .optional()
          .describe(
            'Threads that verify signatures beside the event loop; one when absent, none on a single core',
          ),
      })
      .prefault({}),
    admission: z
      .strictObject({
        requireValidatorPermit: z.boolean().default(true),
        minStakeTao: tao.default(0),
        allow: z.array(ss58).default([]).describe('Hotkeys admitted without other checks'),
        deny: z.array(ss58).default([]),
        ratePerSecond: z.number().positive().default(200),
        burst: z.int().min(1).default(400),
        costUnit: z
          .int()
          .min(1)
          .max(1_000_000_000)
          .default(65_536)
          .describe(
            'Elements of inputs that one of ratePerSecond buys; four bytes of a text or an image are one, or 16 pixels where they are more',
          ),
        addressRatePerSecond: z
          .number()
          .positive()
          .default(20)
          .describe('Requests of one address that were not worth their signature check'),
        addressBurst: z.int().min(1).default(100),
        maxInFlight: z.int().min(1).default(64).describe('Per hotkey'),
        capacity: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(512)
          .describe('Requests under way from which on each hotkey keeps to its share of them'),
        share: z
          .enum(['equal', 'stake'])
          .default('equal')
          .describe('How the shares of a busy miner are weighed'),
      })
      .prefault({}),
    queue: z
      .strictObject({
        maxWaiting: z.int().min(1).max(1_000_000).default(1024).describe('Of each model'),
        maxWaitMs: z.int().min(1).max(600_000).default(5_000),
        maxDelayMs: z
          .number()
          .min(0)
          .max(10_000)
          .default(0)
          .describe('A free model waits for company at most so long; 0: never'),
        preferredBatches: z
          .array(z.int().min(1).max(4096))
          .max(32)
          .default([])
          .describe('Rows that the model likes: runs get the largest that can be filled'),
        whenFull: z
          .enum(['refuse', 'displace'])
          .default('refuse')
          .describe('displace: who had less takes the place of the one whose turn is last'),
        classes: z
          .array(z.strictObject({ minStakeTao: tao, weight: z.number().min(0.01).max(1000) }))
          .max(16)
          .refine(areApart, 'two classes begin at the same stake')
          .default([])
          .describe(
            "By the caller's stake; they share the model by weight, callers in them evenly",
          ),
      })
      .prefault({}),
    entrances,
    announce: z
      .strictObject({
        serve: z.boolean().default(true).describe('Serve the axon on chain'),
        register: z.boolean().default(false).describe('Register the hotkey when it is not'),
        maxBurnTao: tao.default(1).describe('Never pay more than this for registering'),
      })
      .prefault({}),
    metrics: metrics(9101),
    admin,
    log,
  })
  .superRefine(checkMiner, { when: () => true })
  .meta({ title: 'Miner', description: 'subnet miner run --config miner.yaml' });

export type MinerConfig = z.output<typeof minerSchema>;
