import { z } from 'zod';
import type { TensorSpec } from '../../common/tensor.ts';
import { datatypes } from '../../common/tensor.ts';
import type { ModelInterface } from '../../common/wire/inference-types.ts';

/**
 * What an Open Inference Protocol server says of itself and its model, read from untrusted bytes:
 * sizes are bounded by the HTTP client, names and shapes here.
 */

const name = z.string().min(1).max(256);
const tensor = z.object({
  name,
  datatype: z.enum(datatypes),
  shape: z.array(z.int().min(-1)).max(16),
});
const tensors = z.array(tensor).max(64).nullish();
const scalar = z.union([z.string().max(1024), z.number(), z.boolean(), z.null()]);
/** MLServer writes plain values; Triton's configuration wraps them. */
const parameter = z.union([
  scalar,
  z.object({ string_value: z.string().max(1024) }).transform((wrapped) => wrapped.string_value),
]);
const parameters = z.record(z.string().max(256), parameter.catch(null)).nullish();

const serverSchema = z.object({ extensions: z.array(z.string().max(256)).max(256).nullish() });
const metadataSchema = z.object({ name, inputs: tensors, outputs: tensors, parameters });
const configSchema = z.object({ parameters });
const manifestSchema = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });

export interface ModelStatement {
  readonly name: string;
  /** null when the server does not describe its model. */
  readonly interface: ModelInterface | null;
  readonly parameters: Readonly<Record<string, unknown>>;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

export function readServerExtensions(body: Uint8Array): readonly string[] | null {
  const server = parsed(serverSchema, body);
  return server === null ? null : (server.extensions ?? []);
}

export function readModelStatement(body: Uint8Array): ModelStatement | null {
  const metadata = parsed(metadataSchema, body);
  if (metadata === null) return null;
  const { inputs, outputs } = metadata;
  const known = (inputs?.length ?? 0) > 0 && (outputs?.length ?? 0) > 0;
  return {
    name: metadata.name,
    interface: known ? { inputs: inputs ?? [], outputs: outputs ?? [] } : null,
    parameters: metadata.parameters ?? {},
  };
}

/** The parameters of Triton's model configuration extension. */
export function readConfigParameters(body: Uint8Array): Readonly<Record<string, unknown>> | null {
  const config = parsed(configSchema, body);
  return config === null ? null : (config.parameters ?? {});
}

export function readManifestSha256(body: Uint8Array): string | null {
  return parsed(manifestSchema, body)?.sha256 ?? null;
}

/** Null when both are the same, whatever the order of their tensors; else what is not. */
export function interfaceDifference(pinned: ModelInterface, said: ModelInterface): string | null {
  return (
    tensorDifference('input', pinned.inputs, said.inputs) ??
    tensorDifference('output', pinned.outputs, said.outputs)
  );
}

function tensorDifference(
  what: string,
  pinned: readonly TensorSpec[],
  said: readonly TensorSpec[],
): string | null {
  if (pinned.length !== said.length) return `${said.length} ${what}s, not ${pinned.length}`;
  for (const spec of pinned) {
    const other = said.find((one) => one.name === spec.name);
    if (other === undefined) return `no ${what} ${spec.name}`;
    const [wanted, got] = [described(spec), described(other)];
    if (wanted !== got) return `${what} ${spec.name} is ${got}, not ${wanted}`;
  }
  return null;
}

function described({ datatype, shape }: TensorSpec): string {
  return `${datatype}[${shape.join()}]`;
}

function parsed<T>(schema: z.ZodType<T>, body: Uint8Array): T | null {
  try {
    const result = schema.safeParse(JSON.parse(decoder.decode(body)));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}
