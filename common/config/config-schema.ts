import { z } from 'zod';
import { expectation, parseValue } from '../owner/hyperparameter-value.ts';
import { modelManifestSchema } from '../model-manifest.ts';
import { hyperparameters } from '../owner/hyperparameters.ts';
import type { Hyperparameter } from '../owner/hyperparameters.ts';
import { datatypes } from '../tensor.ts';
import { backendSchema } from './backend-schema.ts';
import { modelsConfig, preparationConfig } from './models-schema.ts';
import { synapseRoute } from './synapse-schema.ts';

/**
 * The one source of the shape of every YAML file: types, checks, defaults, JSON Schema
 * (config/schema/*.json, by `npm run schema`) and the reference in docs/configuration.md.
 * Amounts in TAO are decimal strings or numbers with at most nine decimals; times say their unit.
 */

const port = z.int().min(0).max(65535);
const listenPort = port.describe('TCP port; 0 finds a free one');
const netuid = z.int().min(0).max(65535).describe('Number of the subnet');
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, ".", "_", "-"; at most 64');
const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits (in quotes)')
  .describe('SHA-256 of the file');
const ratio = z.number().min(0).max(1);
const url = z
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

const ss58 = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{46,50}$/, 'an SS58 address');
/** What the chain can hold of it: a u64 of RAO, exactly. */
function isExactTao(amount: number): boolean {
  return amount <= 18_446_744_073 && Number(amount.toFixed(9)) === amount;
}

const tao = z
  .union([
    z.number().min(0).refine(isExactTao, 'an amount with at most nine decimals'),
    z.string().regex(/^\d{1,11}(\.\d{1,9})?$/, 'an amount such as "1.5"'),
  ])
  .describe('Amount in TAO, at most nine decimals');

const tensorSpec = z.strictObject({
  name: z.string().min(1).max(128),
  datatype: z.enum(datatypes),
  shape: z.array(z.int().min(-1)).min(1).max(8).describe('-1 stands for the batch'),
});

const chain = z
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

const wallet = z
  .strictObject({
    path: z.string().default('~/.bittensor/wallets'),
    name: z.string().min(1).default('default'),
    hotkey: z.string().min(1).default('default'),
  })
  .describe('A wallet in the Bittensor directory layout');

const log = z
  .strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    format: z.enum(['auto', 'json', 'pretty']).default('auto'),
  })
  .prefault({});

const rules = z
  .strictObject({
    onMismatch: z
      .enum(['warn', 'refuse', 'ignore'])
      .default('warn')
      .describe('When the owner committed the sha256 of another subnet YAML on chain'),
  })
  .prefault({})
  .describe("Compares the subnet YAML with the owner's commitment on chain");

function metrics(defaultPort: number) {
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
}

function checkMiner(value: unknown, context: z.core.$RefinementCtx): void {
  const miner = (typeof value === 'object' && value !== null ? value : {}) as LooseMiner;
  checkModelSource(miner, context);
  checkBackend(miner, context);
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

function checkRoutes(
  routes: readonly { readonly synapse: string }[],
  context: z.core.$RefinementCtx,
): void {
  routes.forEach(({ synapse }, index) => {
    if (routes.findIndex((one) => one.synapse === synapse) === index) return;
    const message = `${synapse} is listed twice`;
    context.addIssue({ code: 'custom', path: [index, 'synapse'], message });
  });
}

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

export const validatorSchema = z
  .strictObject({
    $schema: z.string().optional(),
    subnet: z.string().min(1).describe('The subnet YAML, relative to this file'),
    netuid: netuid.optional().describe('Overrides the netuid of the subnet YAML'),
    chain,
    wallet: wallet.prefault({}),
    stateDir: z.string().default('./state').describe('Relative to this file; one process each'),
    rules,
    round: z
      .strictObject({
        intervalBlocks: z.int().min(1).max(100_000).optional().describe('Overrides the subnet'),
      })
      .prefault({}),
    query: z
      .strictObject({
        concurrency: z.int().min(1).max(4096).default(256),
        timeoutMs: z.int().min(10).max(600_000).default(12_000),
        maxAnswerBytes: z.int().min(1024).max(1_073_741_824).default(1_048_576),
        encoding: z.enum(['binary', 'json']).default('binary'),
        allowPrivateAddresses: z
          .boolean()
          .default(false)
          .describe('Dial loopback and private addresses: only for local networks'),
      })
      .prefault({}),
    weights: z
      .strictObject({
        commit: z
          .enum(['auto', 'timelocked', 'hash'])
          .default('auto')
          .describe('How to commit where commit-reveal is on; auto: timelocked if the chain can'),
        allowEmptier: z
          .boolean()
          .default(false)
          .describe(
            'Also send a vector that pays fewer than half of the neurons that the last effective one paid and that are still there (asked from two on), or that leaves out scores that are no numbers',
          ),
      })
      .prefault({}),
    evidence: z
      .strictObject({
        keepBodies: z.boolean().default(false).describe('Keep request and answer bodies'),
        keepRounds: z.int().min(1).max(10_000_000).default(10_000),
      })
      .prefault({}),
    metrics: metrics(9102),
    log,
  })
  .meta({ title: 'Validator', description: 'subnet validator run --config validator.yaml' });

const augmentation = z
  .strictObject({
    shiftPixels: z.number().min(0).max(32).default(0),
    rotateDegrees: z.number().min(0).max(180).default(0),
    noiseSigma: z.number().min(0).max(10).default(0),
    contrast: z.number().min(0).max(0.95).default(0).describe('Largest relative change'),
  })
  .prefault({})
  .describe('Changes drawn anew for each item, so that rote answers do not help');

const classifyTask = z.strictObject({
  name,
  kind: z
    .literal('classify')
    .describe('Classification of tensors; of PNG files where the input is BYTES of shape [-1]'),
  interface: z.strictObject({
    inputs: z.array(tensorSpec).length(1),
    outputs: z.array(tensorSpec).length(1),
  }),
  source: z.strictObject({
    path: z.string().min(1).describe('Data set, relative to this file'),
    sha256,
  }),
  classes: z.int().min(2).max(100_000),
  batch: z.int().min(1).max(4096).default(32).describe('Items in one challenge'),
  augmentation,
  weight: z.number().positive().default(1),
});

/** What a subnet YAML may look like while other parts of it are still wrong. */
interface LooseSubnet {
  readonly scoring?: { readonly latency?: { readonly goodMs?: unknown; readonly badMs?: unknown } };
  readonly tasks?: readonly (LooseTask | null | undefined)[];
  readonly mechanisms?: readonly (LooseMechanism | null | undefined)[];
  readonly wire?: { readonly protocol?: unknown; readonly synapses?: unknown };
}

interface LooseSynapse {
  readonly model?: unknown;
  readonly hashFields?: unknown;
  readonly fields?: unknown;
}

interface LooseMechanism {
  readonly mecid?: unknown;
  readonly tasks?: readonly unknown[];
}

interface LooseTask {
  readonly name?: unknown;
  readonly classes?: unknown;
  readonly interface?: { readonly outputs?: readonly { readonly shape?: readonly unknown[] }[] };
}

type Context = z.core.$RefinementCtx;

/** Impossible combinations; runs also when single values are wrong, so that all is told at once. */
function checkSubnet(value: unknown, context: Context): void {
  const subnet = (typeof value === 'object' && value !== null ? value : {}) as LooseSubnet;
  checkLatency(subnet, context);
  checkWire(subnet, context);
  const tasks = Array.isArray(subnet.tasks) ? subnet.tasks : [];
  tasks.forEach((task, index) => checkTask(tasks, task ?? {}, index, context));
  const mechanisms = Array.isArray(subnet.mechanisms) ? subnet.mechanisms : [];
  mechanisms.forEach((one, index) => checkMechanism(subnet, one ?? {}, index, context));
}

function checkMechanism(
  { tasks, mechanisms }: LooseSubnet,
  { mecid, tasks: paid }: LooseMechanism,
  index: number,
  context: Context,
): void {
  if (mechanisms?.findIndex((other) => other?.mecid === mecid) !== index) {
    const message = `mecid ${String(mecid)} is listed twice`;
    context.addIssue({ code: 'custom', path: ['mechanisms', index, 'mecid'], message });
  }
  const known = (Array.isArray(tasks) ? tasks : []).map((task) => task?.name);
  const listed: readonly unknown[] = Array.isArray(paid) ? paid : [];
  listed.forEach((task, at) => {
    if (typeof task !== 'string' || known.includes(task)) return;
    const message = `no task of this subnet is called ${task}`;
    context.addIssue({ code: 'custom', path: ['mechanisms', index, 'tasks', at], message });
  });
}

/** Each task has its synapse, and all that is signed or required there comes from the task. */
function checkWire({ wire: loose, tasks }: LooseSubnet, context: Context): void {
  if (loose?.protocol !== 'classic' || !Array.isArray(tasks)) return;
  const listed: readonly unknown[] = Array.isArray(loose.synapses) ? loose.synapses : [];
  const synapses = listed.map((one): LooseSynapse => (isRecord(one) ? one : {}));
  const path = ['wire', 'synapses'];
  for (const name of taskNames(tasks)) {
    const asked = synapses.filter(({ model }) => model === name || model === undefined);
    if (asked.length === 1 && (tasks.length === 1 || asked[0]?.model === name)) continue;
    context.addIssue({ code: 'custom', path, message: `not exactly one synapse for ${name}` });
  }
  synapses.forEach((synapse, index) => {
    const empty = fieldWithoutInput(synapse);
    if (empty === null) return;
    const message = `${empty} is required or hashed, so it needs an input or a value`;
    context.addIssue({ code: 'custom', path: [...path, index], message });
  });
}

function taskNames(tasks: readonly unknown[]): readonly string[] {
  return tasks.flatMap((task) =>
    isRecord(task) && typeof task['name'] === 'string' ? [task['name']] : [],
  );
}

function fieldWithoutInput({ fields, hashFields }: LooseSynapse): string | null {
  const hashed: readonly unknown[] = Array.isArray(hashFields) ? hashFields : [];
  const listed: readonly unknown[] = Array.isArray(fields) ? fields : [];
  const empty = listed
    .filter(isRecord)
    .filter((one) => one['input'] === undefined && one['value'] === undefined)
    .find((one) => one['required'] === true || hashed.includes(one['name']));
  return empty === undefined ? null : String(empty['name']);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function checkLatency(subnet: LooseSubnet, context: Context): void {
  const { goodMs, badMs } = subnet.scoring?.latency ?? {};
  if (typeof goodMs !== 'number' || typeof badMs !== 'number' || goodMs < badMs) return;
  const message = `badMs (${badMs}) must be greater than goodMs (${goodMs})`;
  context.addIssue({ code: 'custom', path: ['scoring', 'latency', 'badMs'], message });
}

function checkTask(
  tasks: readonly (LooseTask | null | undefined)[],
  task: LooseTask,
  index: number,
  context: Context,
): void {
  const first = tasks.findIndex((other) => other?.name === task.name);
  if (typeof task.name === 'string' && first !== index) {
    const message = `two tasks are called ${task.name}`;
    context.addIssue({ code: 'custom', path: ['tasks', index, 'name'], message });
  }
  const shape = task.interface?.outputs?.[0]?.shape;
  const last = Array.isArray(shape) ? shape.at(-1) : undefined;
  if (typeof last !== 'number' || typeof task.classes !== 'number' || last === task.classes) return;
  const path = ['tasks', index, 'interface', 'outputs', 0, 'shape'];
  const message = `the last axis is ${last} but the task has ${task.classes} classes`;
  context.addIssue({ code: 'custom', path, message });
}

/** The shape that the kind of a hyperparameter is written in; bounds are checked with it. */
function hyperparameterSchema(parameter: Hyperparameter) {
  const error = `expected ${expectation(parameter)}`;
  const text = (pattern: string) => z.string().meta({ pattern });
  // The patterns are for editors; whether a value fits is asked once, below.
  const shapes = {
    boolean: z.boolean({ error }),
    integer: z.union([z.number().meta({ type: 'integer' }), text('^-?\\d+$')], { error }),
    tao: z.union([z.number().meta({ minimum: 0 }), text('^\\d+(\\.\\d{1,9})?$')], { error }),
    pair: z.tuple([z.int(), z.int()], { error }),
    factor: z.number({ error }),
  } as const;
  const who = parameter.ownerCall === undefined ? parameter.who : 'owner';
  const shape: z.ZodType<string | number | boolean | readonly number[]> = shapes[parameter.kind];
  return shape
    .refine((value) => fits(parameter, value), { error })
    .optional()
    .describe(`${parameter.summary}; set by ${who}: ${parameter.name}`);
}

function fits(parameter: Hyperparameter, value: unknown): boolean {
  try {
    parseValue(parameter, value);
    return true;
  } catch {
    return false;
  }
}

const chainWishes = z
  .strictObject({
    hyperparameters: z
      .strictObject(
        Object.fromEntries(hyperparameters.map((one) => [one.key, hyperparameterSchema(one)])),
      )
      .prefault({})
      .describe('What the chain shall hold; subnet spec plan shows the difference'),
  })
  .prefault({})
  .describe("The subnet's hyperparameters on chain, for subnet spec plan and apply");

const wire = z
  .strictObject({
    protocol: z
      .enum(['btauth', 'epistula', 'classic'])
      .default('btauth')
      .describe('classic: the axons of Python subnets on the SDK up to 10'),
    receipts: z
      .enum(['required', 'optional'])
      .optional()
      .describe(
        'By default required, for classic optional: the answers of Python axons carry none, and nothing proves who gave them',
      ),
    synapses: z
      .array(synapseRoute)
      .max(64)
      .superRefine(checkRoutes)
      .default([])
      .describe('For classic: how each task is asked; model names the task'),
  })
  .prefault({})
  .describe('How miners are asked');

export const subnetSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name,
    netuid,
    versionKey: z.int().min(0).default(0).describe('weights_version_key that is sent'),
    tasks: z
      .array(z.discriminatedUnion('kind', [classifyTask]))
      .min(1)
      .max(64),
    scoring: z
      .strictObject({
        confidence: z
          .number()
          .min(0.5)
          .max(0.9999999)
          .default(0.9999)
          .describe('One-sided confidence of the lower bound that counts'),
        latency: z
          .strictObject({
            weight: z.number().min(0).max(0.5).default(0).describe('Share of the points'),
            goodMs: z.number().positive().default(100).describe('Full share up to here'),
            badMs: z.number().positive().default(2000).describe('No share from here'),
          })
          .prefault({}),
      })
      .prefault({}),
    wire,
    sampling: z
      .strictObject({
        size: z.int().min(1).max(65535).optional().describe('Miners a round; all when absent'),
        maxStakeTao: tao
          .optional()
          .describe('A neuron with a permit and more stake is a validator and is not queried'),
      })
      .prefault({}),
    averaging: z
      .strictObject({
        alpha: z.number().gt(0).max(1).default(0.3).describe('Share of the newest round'),
        windowRounds: z.int().min(1).max(1000).default(16).describe('Rounds that skill counts'),
      })
      .prefault({}),
    weightPolicy: z
      .strictObject({
        exponent: z.number().min(0.1).max(32).default(1).describe('Weight = score ** exponent'),
        minScore: ratio.default(0).describe('Scores below this earn nothing'),
        maxShare: z.number().gt(0).max(1).default(1).describe('Largest share of one miner'),
        whenNoneEarn: z.enum(['skip', 'owner']).default('skip'),
      })
      .prefault({}),
    round: z.strictObject({ intervalBlocks: z.int().min(1).max(100_000).default(25) }).prefault({}),
    mechanisms: z
      .array(
        z.strictObject({
          mecid: z.int().min(0).max(15),
          tasks: z
            .array(name)
            .min(1)
            .optional()
            .describe('Tasks that it pays for; all when absent'),
        }),
      )
      .min(1)
      .max(16)
      .optional()
      .describe('Incentive mechanisms; when absent each one of the subnet gets the same weights'),
    chain: chainWishes,
  })
  .superRefine(checkSubnet, { when: () => true })
  .meta({ title: 'Subnet', description: 'What a subnet owner edits' });

const account = z
  .string()
  .regex(/^(\/\/[A-Za-z0-9_/]+|[1-9A-HJ-NP-Za-km-z]{46,50})$/, 'a dev key (//Alice) or SS58');

const genesisSubnet = z.strictObject({
  netuid: z.int().min(1).max(4095),
  owner: account.describe('Coldkey of the owner'),
  ownerHotkey: account,
  started: z.boolean().default(true).describe('Emission runs from block 1'),
  tempo: z.int().min(0).max(65535).default(20),
  kappa: z.int().min(0).max(65535).optional(),
  immunityPeriod: z.int().min(0).max(65535).optional(),
  minAllowedWeights: z.int().min(0).max(65535).optional(),
  maxAllowedUids: z.int().min(1).max(4096).optional(),
  maxAllowedValidators: z.int().min(1).max(4096).optional(),
  weightsRateLimit: z.int().min(0).optional(),
  weightsVersionKey: z.int().min(0).optional(),
  activityCutoffFactorMilli: z.int().min(0).optional(),
  servingRateLimit: z.int().min(0).optional(),
  commitRevealEnabled: z.boolean().optional(),
  commitRevealPeriod: z.int().min(1).max(100).optional(),
  yuma3: z.boolean().optional(),
  liquidAlpha: z.boolean().optional(),
  bondsMovingAverage: z.int().min(0).max(1_000_000).optional(),
  bondsPenalty: z.int().min(0).max(65535).optional(),
  registrationAllowed: z.boolean().optional(),
  ownerCutEnabled: z.boolean().optional(),
  burnTao: tao.optional(),
  minBurnTao: tao.optional(),
  maxBurnTao: tao.optional(),
  neurons: z
    .array(z.strictObject({ hotkey: account, coldkey: account, stakeTao: tao.default(0) }))
    .default([])
    .describe('Registered from the start, after the owner hotkey (uid 0)'),
});

export const genesisSchema = z
  .strictObject({
    $schema: z.string().optional(),
    sudo: account.default('//Alice'),
    beacon: z
      .enum(['development', 'quicknet'])
      .optional()
      .describe('Whose pulses open timelocked commits; those of quicknet come from outside'),
    balances: z.array(z.strictObject({ account, tao })).default([]),
    network: z
      .strictObject({
        taoWeight: z.number().min(0).max(1).optional(),
        stakeThresholdTao: tao.optional(),
        adminFreezeWindow: z.int().min(0).max(65535).optional(),
        networkRateLimit: z.int().min(0).optional(),
        networkMinLockTao: tao.optional(),
        ownerHyperparamRateLimit: z.int().min(0).max(65535).optional(),
      })
      .prefault({}),
    subnets: z.array(genesisSubnet).default([]),
  })
  .meta({ title: 'Genesis', description: 'subnet chain dev --genesis genesis.yaml' });

/** Every kind of YAML file by its name; config/schema/NAME.json is generated from it. */
export const configSchemas = {
  subnet: subnetSchema,
  miner: minerSchema,
  validator: validatorSchema,
  genesis: genesisSchema,
  model: modelManifestSchema,
} as const;

export type MinerConfig = z.output<typeof minerSchema>;
export type ValidatorConfig = z.output<typeof validatorSchema>;
export type SubnetConfig = z.output<typeof subnetSchema>;
export type TaskConfig = SubnetConfig['tasks'][number];
export type GenesisConfig = z.output<typeof genesisSchema>;

/** RAO (1e-9 TAO) of an amount as the YAML holds it; exact for strings of nine decimals. */
export function raoOf(amount: number | string): bigint {
  const text = typeof amount === 'number' ? amount.toFixed(9) : amount;
  const [whole = '0', decimals = ''] = text.split('.');
  return BigInt(whole) * 1_000_000_000n + BigInt(decimals.padEnd(9, '0').slice(0, 9) || '0');
}
