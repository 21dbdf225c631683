import { z } from 'zod';
import { fieldValue } from '../wire/classic/field-value.ts';
import { encodingOf, parsePyType } from '../wire/classic/synapse-form.ts';
import type { PyType, SynapseForm } from '../wire/classic/synapse-form.ts';

/** How a synapse class of a Python subnet is written in YAML. */

/** Fields that every synapse has; they carry no data. */
const baseFields = [
  'name',
  'timeout',
  'total_size',
  'header_size',
  'dendrite',
  'axon',
  'computed_body_hash',
  'required_hash_fields',
];

const identifier = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'a Python name of at most 64 characters');

const tensorName = z.string().min(1).max(128);

const field = z.strictObject({
  name: identifier.refine((text) => !baseFields.includes(text), 'a field that every synapse has'),
  type: z
    .string()
    .refine((text) => parsePyType(text) !== null, 'expected a type such as list[float]')
    .describe('int, float, str, bool, any, dict, tensor (bt.Tensor), list, or list[...] of these'),
  required: z.boolean().default(false).describe('Has no default in the Python class'),
  input: z
    .strictObject({
      tensor: tensorName.describe('Input of the model'),
      shape: z
        .array(z.int().min(-1))
        .max(16)
        .optional()
        .describe("What a flat list is cut into, -1 for any length; by default the model's"),
    })
    .optional(),
  output: z
    .strictObject({
      tensor: tensorName.describe('Output of the model'),
      encoding: z
        .enum(['scalar', 'list', 'nested', 'tensor'])
        .optional()
        .describe('By default what the type suggests'),
    })
    .optional(),
  value: z
    .union([z.string(), z.number(), z.boolean()])
    .optional()
    .describe('What a validator always sends in it'),
});

export const synapseRoute = z
  .strictObject({
    synapse: identifier.describe('Name of the class, which is the path'),
    model: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
      .optional()
      .describe('Model or task; by default the only one'),
    fields: z.array(field).min(1).max(64).describe('In the order of the class'),
    hashFields: z
      .array(z.string())
      .max(64)
      .default([])
      .describe('required_hash_fields of the class, in its order: only these are signed'),
    unsignedBody: z
      .enum(['refuse', 'accept'])
      .default('refuse')
      .describe('accept: without hash fields, when anyone on the way may change the body'),
  })
  .superRefine(checkRoute);

export type SynapseRoute = z.infer<typeof synapseRoute>;

/** The form that a checked route describes. */
export function synapseFormOf(route: SynapseRoute, defaultModel: string): SynapseForm {
  const { synapse, model = defaultModel, hashFields } = route;
  const fields = route.fields.map(({ name, type: text, required, input, output, value }) => {
    const type = typeOf(text);
    return {
      name,
      type,
      required,
      input: input === undefined ? null : { tensor: input.tensor, shape: input.shape ?? null },
      output:
        output === undefined
          ? null
          : { tensor: output.tensor, encoding: output.encoding ?? encodingOf(type) },
      constant: value === undefined ? null : JSON.stringify(value),
    };
  });
  return { synapse, model, fields, hashFields };
}

function typeOf(text: string): PyType {
  return parsePyType(text) ?? { kind: 'any' };
}

function checkRoute(route: SynapseRoute, context: z.core.$RefinementCtx): void {
  const { fields, hashFields, unsignedBody } = route;
  const issue = (path: (string | number)[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  if (hashFields.length === 0 && unsignedBody === 'refuse') {
    issue(['hashFields'], 'without hash fields the body is not signed: see unsignedBody');
  }
  hashFields.forEach((name, at) => {
    if (!fields.some((one) => one.name === name)) issue(['hashFields', at], `no field ${name}`);
    if (hashFields.indexOf(name) !== at) issue(['hashFields', at], `${name} is listed twice`);
  });
  fields.forEach((one, at) => {
    const problem = fieldProblem(fields, one, at);
    if (problem !== null) issue(['fields', at], problem);
  });
}

/** What the Python classes cannot have: their callers announce required fields by headers. */
function fieldProblem(
  fields: SynapseRoute['fields'],
  { name, type, required, input, output, value }: SynapseRoute['fields'][number],
  at: number,
): string | null {
  if (fields.findIndex((one) => one.name === name) !== at) return `${name} is listed twice`;
  const roles = [input, output, value].filter((one) => one !== undefined);
  if (roles.length > 1) return `${name} can be one of input, output and value`;
  if (value !== undefined && fieldValue(typeOf(type), value, JSON.stringify(value)) === undefined) {
    return `${name}: the value is no ${type}`;
  }
  if (required && name !== name.toLowerCase()) return `${name}: required names are lower-case`;
  if (required && type === 'tensor') return `${name}: a required field cannot be a bt.Tensor`;
  return required && output !== undefined ? `${name}: an output cannot be required` : null;
}

/** Each synapse once. */
export function checkRoutes(
  routes: readonly { readonly synapse: string }[],
  context: z.core.$RefinementCtx,
): void {
  routes.forEach(({ synapse }, index) => {
    if (routes.findIndex((one) => one.synapse === synapse) === index) return;
    const message = `${synapse} is listed twice`;
    context.addIssue({ code: 'custom', path: [index, 'synapse'], message });
  });
}
