import { calculateStateRoot, destroyWorker, runTask } from '@acala-network/chopsticks-core';
import { SubnetError } from '../common/errors.ts';
import type { Hex, StorageDiff, StorageView } from './chain-state.ts';

/** Runs the runtime's WASM offline: one worker thread for the process, calls in order. */
export interface Executor {
  /**
   * Calls runtime functions one after the other on one instance, each seeing what the former
   * wrote. Returns the result of the last one and all changes. Throws RuntimeFailure with the
   * runtime's own message (a panic, a missing function).
   */
  run(wasm: Hex, view: StorageView, calls: readonly RuntimeCall[]): Promise<RuntimeResult>;
  /** Root of the Merkle trie of these entries, in state version 1 unless said otherwise. */
  stateRoot(entries: readonly (readonly [Hex, Hex])[], version?: 0 | 1): Promise<Hex>;
  close(): Promise<void>;
}

export interface RuntimeCall {
  readonly name: string;
  /** SCALE bytes, concatenated arguments. */
  readonly argument: Hex;
}

export interface RuntimeResult {
  readonly result: Hex;
  readonly diff: StorageDiff;
}

/** The runtime panicked, or has no such function. */
export class RuntimeFailure extends Error {
  override readonly name = 'RuntimeFailure';

  constructor(calls: readonly RuntimeCall[], reason: string) {
    super(`${calls.map(({ name }) => name).join(', ')}: ${reason}`);
  }
}

let users = 0;

export function createExecutor(): Executor {
  users += 1;
  let open = true;
  return {
    run: async (wasm, view, calls) => {
      checkOpen(open);
      return run(wasm, view, calls);
    },
    stateRoot: async (entries, version = 1) => {
      checkOpen(open);
      return calculateStateRoot(
        entries.map(([key, value]) => [key, value] as [Hex, Hex]),
        version,
      );
    },
    close: async () => {
      if (!open) return;
      open = false;
      users -= 1;
      if (users === 0) await destroyWorker();
    },
  };
}

/** A call after the end would start a new worker, which nobody would stop. */
function checkOpen(open: boolean): void {
  if (!open) throw new SubnetError('CHAIN_CLOSED', { what: 'running the runtime' });
}

async function run(
  wasm: Hex,
  view: StorageView,
  calls: readonly RuntimeCall[],
): Promise<RuntimeResult> {
  const task = {
    wasm,
    calls: calls.map(({ name, argument }): [string, Hex[]] => [name, [argument]]),
    mockSignatureHost: false,
    allowUnresolvedImports: false,
    runtimeLogLevel: 0,
  };
  const response = await runTask(task, handlersOf(view));
  if ('Call' in response) {
    const { result, storageDiff } = response.Call;
    return { result, diff: storageDiff.map(([key, value]) => [key, value ?? null]) };
  }
  throw new RuntimeFailure(calls, reasonOf(response));
}

function reasonOf(response: { Error?: string }): string {
  return (response.Error ?? 'no result').replace(/\s+/g, ' ').slice(0, 500);
}

function handlersOf(view: StorageView) {
  const unsupported = (): Promise<never> =>
    Promise.reject(new Error('there is no off-chain world'));
  return {
    getStorage: async (key: Hex) => view.get(key) ?? undefined,
    getNextKey: async (prefix: Hex, key: Hex) => view.nextKey(prefix, key) ?? undefined,
    offchainGetStorage: unsupported,
    offchainTimestamp: unsupported,
    offchainRandomSeed: unsupported,
    offchainSubmitTransaction: unsupported,
  };
}
