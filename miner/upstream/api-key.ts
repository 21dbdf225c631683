import { readFileSync } from 'node:fs';
import { SubnetError } from '../../common/errors.ts';

/** Where the key of an upstream stands. */
export type ApiKeySource = { readonly env: string } | { readonly file: string };

/** Visible ASCII: anything else could end the header that it is put into. */
const keyShape = /^[\x21-\x7e]{1,4096}$/;

/** Throws UPSTREAM_KEY, which never shows the key. `file` is absolute. */
export function readApiKey(
  source: ApiKeySource,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const where = 'env' in source ? `environment variable ${source.env}` : source.file;
  const key = ('env' in source ? env[source.env] : fileText(source.file))?.trim() ?? '';
  if (keyShape.test(key)) return key;
  const detail = key === '' ? 'there is none' : 'it is no single word of visible ASCII';
  throw new SubnetError('UPSTREAM_KEY', { detail, where });
}

function fileText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
