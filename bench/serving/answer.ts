export interface Answer {
  readonly status: string;
  /** The server ends the connection after it. */
  readonly closes: boolean;
}

const headMark = Buffer.from('\r\n\r\n');
const chunksEnd = Buffer.from('0\r\n\r\n');

/** The answer once head and body have arrived; null before. */
export function readAnswer(bytes: Buffer): Answer | null {
  const headEnd = bytes.indexOf(headMark);
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd).toLowerCase();
  const bodyLength = bytes.length - headEnd - headMark.length;
  if (!isWhole(bytes, head, bodyLength)) return null;
  return { status: head.slice(9, 12), closes: head.includes('connection: close') };
}

function isWhole(bytes: Buffer, head: string, bodyLength: number): boolean {
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) return bodyLength >= Number(length);
  if (!head.includes('transfer-encoding: chunked')) return true;
  return bytes.subarray(-chunksEnd.length).equals(chunksEnd);
}
