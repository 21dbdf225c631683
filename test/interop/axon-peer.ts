import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { pythonSdk10 } from './python.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

export interface AxonPeer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the Axon of the SDK 10.5 in a process of its own; resolves when it listens. */
export async function startAxon(): Promise<AxonPeer> {
  const child = spawn(pythonSdk10 ?? 'python3', [resolve(here, 'classic_axon.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const close = async (): Promise<void> => {
    child.stdin.end();
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(force);
  };
  for await (const line of lines) {
    const { port } = JSON.parse(line) as { port: number };
    return { port, close };
  }
  throw new Error('the axon ended before it listened');
}
