import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningServer } from './mlserver.ts';
import { answers, freePorts } from './processes.ts';
import { pythonTriton } from './python.ts';

const script = fileURLToPath(new URL('./upstream_triton.py', import.meta.url));
const startMs = 150_000;

export interface TritonServer extends RunningServer {
  /** As Kubernetes ends a pod. */
  terminate(): void;
}

/** Starts a Triton server with the models `add` and `upper`, which says the sha256 if there is one. */
export async function startTriton(sha256: string | null): Promise<TritonServer> {
  const [http = 0, grpc = 0, metrics = 0] = await freePorts(3);
  const scratch = mkdtempSync(join(tmpdir(), 'triton-'));
  const child = spawn(
    pythonTriton ?? 'python3',
    [script, ...[http, grpc, metrics].map(String), sha256 ?? '-'],
    {
      cwd: scratch,
      // Its workspaces are in there; Triton and its model processes form a group of their own.
      env: { ...process.env, PYTRITON_HOME: scratch, PYTHONDONTWRITEBYTECODE: '1' },
      detached: true,
      stdio: 'ignore',
    },
  );
  const url = `http://127.0.0.1:${http}`;
  const server = {
    url,
    terminate: () => signalGroup(child, 'SIGTERM'),
    kill: () => signalGroup(child, 'SIGKILL'),
    close: async () => {
      const ended = child.exitCode !== null || child.signalCode !== null;
      const gone = ended ? Promise.resolve() : once(child, 'exit');
      // Its orderly stop takes up to half a minute, and there is nothing left to keep.
      signalGroup(child, 'SIGKILL');
      await gone;
      rmSync(scratch, { recursive: true, force: true });
    },
  };
  if (await answers(`${url}/v2/models/upper/ready`, child, startMs)) return server;
  await server.close();
  throw new Error('Triton did not become ready');
}

function signalGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}
