import { parsePyType } from '../../../common/wire/classic/synapse-form.ts';
import type { SynapseForm } from '../../../common/wire/classic/synapse-form.ts';

/** A form of fields by their types; a question mark behind a type: not required. */
export function formOf(
  synapse: string,
  types: Readonly<Record<string, string>>,
  hashFields: readonly string[],
): SynapseForm {
  const fields = Object.entries(types).map(([name, text]) => {
    const type = parsePyType(text.replace('?', ''));
    if (type === null) throw new Error(`no type: ${text}`);
    return { name, type, required: !text.endsWith('?'), input: null, output: null, constant: null };
  });
  return { synapse, model: 'm', fields, hashFields };
}
