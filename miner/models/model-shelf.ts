import { SubnetError, messageOf } from '../../common/errors.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { IndexedModel } from '../../common/wire/repository-index.ts';
import type { MutableCatalogue } from './catalogue.ts';
import { letGo } from './holds.ts';
import { keyOf } from './model-names.ts';
import type { VersionRef } from './model-names.ts';
import type { ServedModel } from './served-model.ts';

export interface ShelfDeps {
  readonly catalogue: MutableCatalogue;
  /** Loads one and makes it warm. Throws what keeps it from answering, or what the signal says. */
  open(ref: VersionRef, signal: AbortSignal): Promise<ServedModel>;
  /** Called after what is served changed. */
  onChange(): void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ShelfOptions {
  /**
   * The longest that an unloaded version waits for requests that have found it and whose bodies are
   * still on their way.
   */
  readonly lingerMs: number;
}

export type ShelfState = Pick<IndexedModel, 'state' | 'reason'>;

/**
 * The versions that are loaded. Who calls it sees to it that changes do not overlap; what goes may
 * still be there when the next change comes.
 */
export interface ModelShelf {
  /** Answers once it is warm; the one of the same number that it replaces answers until then. */
  open(ref: VersionRef): Promise<ServedModel>;
  /** Found no more at once; resolves when those who hold it are answered and its process is gone. */
  drop(model: ServedModel): Promise<void>;
  /** Null stands for all. */
  find(name: string | null, version: string | null): readonly ServedModel[];
  /** By `name/version`: those that were ever asked for. */
  readonly states: ReadonlyMap<string, ShelfState>;
  /** Why one that is loaded stays so. */
  explain(ref: VersionRef, reason: string): void;
  /** Ends what is being loaded; what is loaded, or going, ends its work. Never rejects. */
  close(): Promise<void>;
}

export function createModelShelf(deps: ShelfDeps, { lingerMs }: ShelfOptions): ModelShelf {
  const { catalogue, clock, log } = deps;
  const stopping = new AbortController();
  const kept = new Map<string, ServedModel>();
  const states = new Map<string, ShelfState>();
  /** Found no more, but still there. */
  const retiring = new Set<ServedModel>();
  let opening: Promise<unknown> = Promise.resolve();

  const adopt = (model: ServedModel): void => {
    const replaced = kept.get(keyOf(model));
    catalogue.put(model);
    kept.set(keyOf(model), model);
    states.set(keyOf(model), { state: 'READY', reason: '' });
    log.info('model loaded', { model: model.name, version: model.version, sha256: model.sha256 });
    deps.onChange();
    if (replaced !== undefined) void retire(replaced);
  };
  const open = async (ref: VersionRef): Promise<ServedModel> => {
    stopping.signal.throwIfAborted();
    const before = states.get(keyOf(ref));
    states.set(keyOf(ref), { state: 'LOADING', reason: '' });
    try {
      const model = await deps.open(ref, stopping.signal);
      adopt(model);
      return model;
    } catch (error) {
      const failed = { state: 'UNAVAILABLE', reason: messageOf(error) } as const;
      states.set(keyOf(ref), before?.state === 'READY' ? before : failed);
      throw error;
    }
  };
  /** Never rejects: what cannot be closed is told, and nothing else waits for it. */
  const end = (model: ServedModel): Promise<void> =>
    model.close().catch((error: unknown) => {
      log.error('a model could not be closed', { model: keyOf(model), error });
    });
  const retire = async (model: ServedModel): Promise<void> => {
    retiring.add(model);
    await letGo(clock, model.holds, { maxMs: lingerMs, signal: stopping.signal });
    await end(model);
    retiring.delete(model);
    const key = keyOf(model);
    const isLast = ![...retiring].some((one) => keyOf(one) === key);
    // It may have been loaded again meanwhile.
    if (isLast && states.get(key)?.state === 'UNLOADING') states.set(key, unloaded);
  };
  return {
    open: (ref) => {
      const opened = open(ref);
      opening = opened.catch(() => undefined);
      return opened;
    },
    drop: async (model) => {
      const key = keyOf(model);
      catalogue.remove(model.name, model.version);
      kept.delete(key);
      states.set(key, { state: 'UNLOADING', reason: '' });
      deps.onChange();
      await retire(model);
      log.info('model unloaded', { model: model.name, version: model.version });
    },
    find: (name, version) =>
      [...kept.values()].filter(
        (model) =>
          (name === null || model.name === name) && (version === null || model.version === version),
      ),
    states,
    explain: (ref, reason) => void states.set(keyOf(ref), { state: 'READY', reason }),
    close: async () => {
      stopping.abort(new SubnetError('MINER_STOPPING'));
      await opening;
      await Promise.all([...retiring, ...kept.values()].map(end));
      kept.clear();
    },
  };
}

const unloaded = { state: 'UNAVAILABLE', reason: 'unloaded' } as const;
