import type { z } from 'zod';
import { SubnetError } from '../common/errors.ts';

/**
 * A stored JSON text by its schema. Throws STATE_UNREADABLE: what cannot be understood is never
 * taken for empty.
 */
export function parseStored<S extends z.ZodType>(
  part: string,
  schema: S,
  value: string | Uint8Array,
): z.output<S> {
  const text = typeof value === 'string' ? value : new TextDecoder().decode(value);
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues.map((issue) => issue.message).join('; ');
  throw new SubnetError('STATE_UNREADABLE', { part, detail });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
