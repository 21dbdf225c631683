import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import { sameTlsKey } from '../tls-key.ts';
import type { TlsKey } from '../tls-key.ts';
import { tlsKeyOf } from './tls-certificate.ts';

/** The peer's certificate is of another key than the one that was expected. */
export class WrongTlsKeyError extends Error {
  readonly code = 'WRONG_TLS_KEY';
  constructor() {
    super('the certificate is of another key');
  }
}

/**
 * Connects by TLS to the holder of one key, whatever names and dates its certificate holds: the
 * chain says whose key it is, no authority does. Not a byte is sent to anybody else.
 */
export function pinnedConnector(tlsKey: TlsKey, timeoutMs: number): buildConnector.connector {
  const connect = buildConnector({
    timeout: timeoutMs,
    rejectUnauthorized: false,
    // A session taken up again shows no certificate.
    maxCachedSessions: 0,
  });
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      if (holds(socket, tlsKey)) return callback(null, socket);
      socket.destroy();
      callback(new WrongTlsKeyError(), null);
    });
  };
}

/** A stranger's certificate: whatever cannot be read of it is not the key. */
function holds(socket: Socket, tlsKey: TlsKey): boolean {
  try {
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    if (!(certificate instanceof X509Certificate)) return false;
    const key = tlsKeyOf(certificate.publicKey);
    return key !== null && sameTlsKey(key, tlsKey);
  } catch {
    return false;
  }
}
