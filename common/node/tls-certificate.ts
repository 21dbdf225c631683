import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SubnetError, messageOf } from '../errors.ts';
import { tlsAlgorithms } from '../tls-key.ts';
import type { TlsKey } from '../tls-key.ts';

/** What a server needs, and the key by which its callers know it. */
export interface TlsIdentity {
  /** PEM. */
  readonly cert: string;
  /** PEM; secret. */
  readonly key: string;
  readonly tlsKey: TlsKey;
}

/**
 * Reads a certificate and its private key. Throws TLS_INVALID for a file that cannot be read, a
 * key that is not the certificate's, or a kind of key that the chain has no room for.
 */
export function readTlsIdentity(certFile: string, keyFile: string): TlsIdentity {
  const cert = readPem(certFile);
  const key = readPem(keyFile);
  const certificate = parsed(certFile, () => new X509Certificate(cert));
  const secret = parsed(keyFile, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(secret)) {
    throw invalid(keyFile, `it is not the key of the certificate in ${certFile}`);
  }
  const tlsKey = tlsKeyOf(certificate.publicKey);
  if (tlsKey !== null) return { cert, key, tlsKey };
  throw invalid(certFile, 'its key is neither Ed25519 nor P-256; others do not fit on chain');
}

/** The key of a certificate as the chain keeps it; null for kinds that it has no room for. */
export function tlsKeyOf(publicKey: KeyObject): TlsKey | null {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = publicKey;
  const isP256 = kind === 'ec' && details?.namedCurve === 'prime256v1';
  // Some other kinds cannot even be written as a JWK: asked for it, they throw.
  if (kind !== 'ed25519' && !isP256) return null;
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  if (!isP256) return { algorithm: tlsAlgorithms.ed25519, publicKey: bytesOf(x) };
  const both = new Uint8Array([...bytesOf(x), ...bytesOf(y)]);
  return { algorithm: tlsAlgorithms.p256, publicKey: both };
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

function readPem(file: string): string {
  return parsed(file, () => readFileSync(file, 'utf8'));
}

/** Messages of the parser name no content. */
function parsed<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw invalid(file, messageOf(cause), cause);
  }
}

function invalid(file: string, detail: string, cause?: unknown): SubnetError {
  return new SubnetError('TLS_INVALID', { file, detail }, { cause });
}
