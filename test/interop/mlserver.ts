import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers, freePorts } from './processes.ts';
import { python } from './python.ts';

const folder = fileURLToPath(new URL('./mlserver', import.meta.url));
const startMs = 60_000;

export interface RunningServer {
  readonly url: string;
  /** At once, in the middle of whatever it does. */
  kill(): void;
  close(): Promise<void>;
}

/** Starts MLServer with the echo model on free ports; resolves when the model is ready. */
export async function startMlserver(): Promise<RunningServer> {
  const [http = 0, grpc = 0, metrics = 0] = await freePorts(3);
  const scratch = mkdtempSync(join(tmpdir(), 'interop-'));
  const child = spawn(join(dirname(python ?? ''), 'mlserver'), ['start', folder], {
    cwd: scratch,
    env: {
      ...process.env,
      PYTHONPATH: folder,
      PYTHONDONTWRITEBYTECODE: '1',
      MLSERVER_HTTP_PORT: String(http),
      MLSERVER_GRPC_PORT: String(grpc),
      MLSERVER_METRICS_PORT: String(metrics),
    },
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${http}`;
  const server = {
    url,
    kill: () => void child.kill('SIGKILL'),
    close: () => stop(child, scratch),
  };
  if (await answers(`${url}/v2/models/echo/ready`, child, startMs)) return server;
  await server.close();
  throw new Error('MLServer did not become ready');
}

async function stop(child: ChildProcess, scratch: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(force);
  }
  rmSync(scratch, { recursive: true, force: true });
}
