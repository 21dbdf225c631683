import { connect } from 'node:net';
import { readAnswer } from './answer.ts';

export interface HealthWatch {
  /** What each question took, from the moment it was due: a late question is a late answer. */
  stop(): Promise<Float64Array>;
}

const question = 'GET /v2/health/live HTTP/1.1\r\nhost: miner\r\n\r\n';

export function watchHealth(port: number, perSecond: number): HealthWatch {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const dueMs: number[] = [];
  const tookMs: number[] = [];
  let answer = Buffer.alloc(0);
  const timer = setInterval(() => {
    dueMs.push(performance.now());
    if (dueMs.length === 1) socket.write(question);
  }, 1000 / perSecond);
  socket.on('data', (chunk: Buffer) => {
    answer = Buffer.concat([answer, chunk]);
    if (readAnswer(answer) === null) return;
    answer = Buffer.alloc(0);
    tookMs.push(performance.now() - (dueMs.shift() ?? NaN));
    if (dueMs.length > 0) socket.write(question);
  });
  socket.once('error', () => tookMs.push(Infinity));
  return {
    stop: async () => {
      clearInterval(timer);
      // What was not answered until now counts with the time that it waited so far.
      const late = dueMs.map((due) => performance.now() - due);
      socket.destroy();
      return Float64Array.from([...tookMs, ...late]);
    },
  };
}
