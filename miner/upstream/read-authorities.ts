import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SubnetError, messageOf } from '../../common/errors.ts';

/** PEM of the certificates in the file, at least one. Throws CONFIG_INVALID. */
export function readAuthorities(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    checkPem(pem);
    return pem;
  } catch (cause) {
    const detail = `backend.ca: ${file}: ${messageOf(cause)}`;
    throw new SubnetError('CONFIG_INVALID', { detail }, { cause });
  }
}

function checkPem(pem: string): X509Certificate {
  return new X509Certificate(pem);
}
