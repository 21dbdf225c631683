import { SubnetError } from '../../common/errors.ts';
import { sha3OfText } from '../../common/node/sha3.ts';
import type { Platform } from '../../common/platform-port.ts';
import { readPyValue } from '../../common/wire/classic/py-value.ts';
import type { PyDict, PyValue } from '../../common/wire/classic/py-value.ts';
import { bodyHash } from '../../common/wire/classic/synapse-body.ts';
import { usage } from '../operator/command-parts.ts';
import { hashed, jsonObjectsIn } from './bench-body.ts';
import type { BenchBody } from './bench-body.ts';

export interface SynapseSource {
  /** The class, which is the path. */
  readonly synapse?: string;
  /** A file of the fields of one synapse, or of one on each line. */
  readonly input: string;
  /** `required_hash_fields` of the class, in its order. */
  readonly hashFields: readonly string[];
}

/** Bodies of the classic axon protocol. Throws USAGE, BENCH_INPUT_INVALID. */
export function synapseBodies(
  platform: Pick<Platform, 'sha256'>,
  { synapse, input: file, hashFields }: SynapseSource,
): readonly BenchBody[] {
  if (synapse === undefined) throw usage('--entrance classic needs --synapse');
  if (file === 'synthetic') {
    throw usage('--entrance classic needs --input: an axon does not tell what it takes');
  }
  return jsonObjectsIn(file).map(({ text, line }) => {
    const fields = fieldsOf(text, `${file}:${line}`, hashFields);
    return hashed(platform, {
      path: `/${encodeURIComponent(synapse)}`,
      headers: { 'content-type': 'application/json', name: synapse, ...fieldHeaders(fields) },
      body: new TextEncoder().encode(text),
      fieldsHash: bodyHash({ hashFields }, fields, sha3OfText),
    });
  });
}

function fieldsOf(text: string, where: string, hashFields: readonly string[]): PyDict {
  const fields = readPyValue(text);
  if (!(fields instanceof Map)) {
    throw new SubnetError('BENCH_INPUT_INVALID', { detail: `${where} is no JSON object` });
  }
  const dict: PyDict = fields;
  const absent = hashFields.find((name) => !dict.has(name));
  if (absent === undefined) return dict;
  const detail = `${where} has no field ${absent}, which --hash-fields names`;
  throw new SubnetError('BENCH_INPUT_INVALID', { detail });
}

/** An axon wants each required field announced, by an empty value of its type. */
function fieldHeaders(fields: PyDict): Record<string, string> {
  const entries = [...fields].filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => [`bt_header_input_obj_${name}`, btoa(emptyOf(value))]),
  );
}

const emptyScalars: Readonly<Record<string, string>> = {
  bigint: '0',
  number: '0.0',
  string: '""',
  boolean: 'false',
};

function emptyOf(value: PyValue): string {
  return emptyScalars[typeof value] ?? (Array.isArray(value) ? '[]' : '{}');
}
