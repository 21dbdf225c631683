import { z } from 'zod';
import { expectation, parseValue } from '../owner/hyperparameter-value.ts';
import { hyperparameters } from '../owner/hyperparameters.ts';
import type { Hyperparameter } from '../owner/hyperparameters.ts';
import { checkRoutes, synapseRoute } from './synapse-schema.ts';
import { name, netuid, ratio, sha256, tao, tensorSpec } from './field-schemas.ts';

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

export type SubnetConfig = z.output<typeof subnetSchema>;
export type TaskConfig = SubnetConfig['tasks'][number];
