import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RawResponse } from './http-message.ts';

const lingerMs = 1000;
const shortBodyBytes = 65_536;

/** Sends an answer; never throws. `close` ends the connection with it. */
export function sendResponse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, headers, body }: RawResponse,
  close: boolean,
): void {
  if (outgoing.destroyed) return;
  // What is left of a long body that was refused unread is not worth reading: the connection goes.
  const unread = !incoming.complete && !isShort(incoming);
  const closing = unread || close ? { connection: 'close' } : {};
  try {
    outgoing.writeHead(status, { ...headers, ...closing, 'content-length': body.length });
  } catch {
    // A header that cannot be sent: better no answer than a broken one.
    incoming.socket.destroy();
    return;
  }
  if (unread) lingerAfter(incoming);
  outgoing.end(incoming.method === 'HEAD' ? undefined : body, () => {
    if (unread) incoming.socket.destroySoon();
  });
}

/**
 * A body that node reads and throws away by itself: a new connection costs both sides more, and a
 * caller whose clock is wrong would need one for each request. One that was announced by `Expect`
 * may never come.
 */
function isShort({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return length !== undefined && Number(length) <= shortBodyBytes && headers.expect === undefined;
}

/**
 * Closed at once, the connection would answer what is still coming with a reset, and the caller
 * might never read why it was refused: for a moment the rest is taken and thrown away.
 */
function lingerAfter(incoming: IncomingMessage): void {
  const { socket } = incoming;
  let cut: ReturnType<typeof setTimeout> | undefined;
  socket.destroySoon = () => {
    socket.end();
    incoming.resume();
    cut ??= setTimeout(() => socket.destroy(), lingerMs);
  };
  socket.once('close', () => clearTimeout(cut));
}

/** An answer to no request, on a connection that is closed with it, whatever state it is in. */
export function sendRaw(socket: Duplex, response: RawResponse): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.on('error', () => undefined);
  socket.end(rawBytes(response), () => socket.destroy());
}

function rawBytes({ status, headers, body }: RawResponse): Uint8Array {
  const all = { ...headers, connection: 'close', 'content-length': body.length };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const start = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  return Buffer.concat([Buffer.from(`${start}${lines.join('')}\r\n`), body]);
}
