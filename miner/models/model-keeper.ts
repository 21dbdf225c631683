import type { ModelsConfig } from '../../common/config/models-schema.ts';
import { SubnetError, messageOf } from '../../common/errors.ts';
import { createMutex } from '../../common/mutex.ts';
import type { Clock } from '../../common/platform-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { ModelStatistics } from '../../common/wire/model-statistics.ts';
import type { IndexedModel } from '../../common/wire/repository-index.ts';
import type { Canary, ModelRef, MutableCatalogue } from './catalogue.ts';
import type { ServedModel } from './served-model.ts';
import { wantedVersions } from './wanted-versions.ts';

/** A version that is stored where models are loaded from. */
export interface StoredRef {
  readonly name: string;
  readonly version: string;
}

export interface KeeperDeps {
  readonly catalogue: MutableCatalogue;
  /** What is stored now, the newest version of each name first. Throws MODEL_REPOSITORY_INVALID. */
  scan(): readonly StoredRef[];
  /** Loads one and makes it warm. Throws what keeps it from answering. */
  open(stored: StoredRef): Promise<ServedModel>;
  /** Called after what is served changed. */
  onChange(): void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface KeeperOptions {
  readonly models: ModelsConfig | undefined;
  /** An unloaded version still answers so long: requests whose body is on its way hold it. */
  readonly lingerMs: number;
}

export interface RescanReport {
  /** As `name/version`. */
  readonly loaded: readonly string[];
  readonly unloaded: readonly string[];
  readonly failed: readonly { readonly model: string; readonly reason: string }[];
}

/**
 * Loads and unloads versions while a miner serves, one change after the other. A version answers
 * only once it is warm, and the one that it replaces answers until then; a change that fails leaves
 * everything as it was.
 */
export interface ModelKeeper {
  /** Null: the newest stored version. One that is loaded is read anew and replaced. */
  load(name: string, version: string | null): Promise<ServedModel>;
  /** Null: all versions. Resolves once they answer no more and their processes are gone. */
  unload(name: string, version: string | null): Promise<void>;
  /** Brings what is served to what is stored and configured now. */
  rescan(): Promise<RescanReport>;
  setAlias(alias: string, target: ModelRef | null): void;
  setCanary(name: string, canary: Canary | null): void;
  index(): readonly IndexedModel[];
  /** Null stands for all; empty when there is no such model. */
  statistics(name: string | null, version: string | null): readonly ModelStatistics[];
  close(): Promise<void>;
}

export function createModelKeeper(deps: KeeperDeps, options: KeeperOptions): ModelKeeper {
  const { catalogue, clock, log } = deps;
  const changes = createMutex();
  const kept = new Map<string, ServedModel>();
  const states = new Map<string, Pick<IndexedModel, 'state' | 'reason'>>();
  /** Found no more, but still there. */
  const retiring = new Set<ServedModel>();
  let closed = false;

  const open = async (stored: StoredRef): Promise<ServedModel> => {
    if (closed) throw new SubnetError('MODEL_UNKNOWN', { detail: 'the miner stops' });
    const key = keyOf(stored);
    const before = states.get(key);
    states.set(key, { state: 'LOADING', reason: '' });
    try {
      const model = await deps.open(stored);
      adopt(model);
      return model;
    } catch (error) {
      const failed = { state: 'UNAVAILABLE', reason: messageOf(error) } as const;
      states.set(key, before?.state === 'READY' ? before : failed);
      throw error;
    }
  };
  const adopt = (model: ServedModel): void => {
    const key = keyOf(model);
    const replaced = kept.get(key);
    catalogue.put(model);
    kept.set(key, model);
    states.set(key, { state: 'READY', reason: '' });
    log.info('model loaded', { model: model.name, version: model.version, sha256: model.sha256 });
    deps.onChange();
    if (replaced !== undefined) void retire(replaced);
  };
  const retire = async (model: ServedModel): Promise<void> => {
    retiring.add(model);
    if (!closed && options.lingerMs > 0) await clock.sleep(options.lingerMs);
    await model.close();
    retiring.delete(model);
  };
  const drop = async (model: ServedModel): Promise<void> => {
    const key = keyOf(model);
    catalogue.remove(model.name, model.version);
    kept.delete(key);
    states.set(key, { state: 'UNLOADING', reason: '' });
    deps.onChange();
    await retire(model);
    if (states.get(key)?.state === 'UNLOADING') states.set(key, unloadedState);
    log.info('model unloaded', { model: model.name, version: model.version });
  };
  const keptOf = (name: string | null, version: string | null): readonly ServedModel[] =>
    [...kept.values()].filter(
      (model) =>
        (name === null || model.name === name) && (version === null || model.version === version),
    );
  const rescan = async (): Promise<RescanReport> => {
    const wanted = wantedVersions(deps.scan(), options.models);
    const missing = wanted.filter((one) => !kept.has(keyOf(one)));
    const failed: { model: string; reason: string }[] = [];
    for (const one of missing) {
      await open(one).catch((error: unknown) => {
        log.error('a model could not be loaded', { model: one.name, version: one.version, error });
        failed.push({ model: keyOf(one), reason: messageOf(error) });
      });
    }
    const names = new Set(failed.map(({ model }) => model.slice(0, model.lastIndexOf('/'))));
    const keys = new Set(wanted.map(keyOf));
    // Where what shall take its place did not come up, an old version goes on answering.
    const over = [...kept.values()].filter((m) => !keys.has(keyOf(m)) && !names.has(m.name));
    await Promise.all(over.map(drop));
    const failedKeys = new Set(failed.map(({ model }) => model));
    return {
      loaded: missing.map(keyOf).filter((key) => !failedKeys.has(key)),
      unloaded: over.map(keyOf),
      failed,
    };
  };
  const known = (name: string, version: string | null): void => {
    if (catalogue.find(name, version, null) === undefined) throw unknown(name, version);
  };
  return {
    load: (name, version) => changes.run(async () => open(storedRef(deps.scan(), name, version))),
    unload: (name, version) =>
      changes.run(async () => {
        const models = keptOf(name, version);
        if (models.length === 0) throw unknown(name, version);
        await Promise.all(models.map(drop));
      }),
    rescan: () => changes.run(rescan),
    setAlias: (alias, target) => {
      if (target !== null) known(target.name, target.version);
      catalogue.setAlias(alias, target);
    },
    setCanary: (name, canary) => {
      if (canary !== null) known(name, canary.version);
      catalogue.setCanary(name, canary);
    },
    index: () => indexOf(deps.scan(), states),
    statistics: (name, version) =>
      keptOf(name, version).flatMap((model) => model.statistics?.() ?? []),
    close: async () => {
      closed = true;
      await Promise.all([...retiring].map((model) => model.close()));
      await changes.run(async () => {
        await Promise.all([...kept.values()].map((model) => model.close()));
        kept.clear();
      });
    },
  };
}

const unloadedState = { state: 'UNAVAILABLE', reason: 'unloaded' } as const;

function keyOf({ name, version }: StoredRef): string {
  return `${name}/${version}`;
}

function storedRef(stored: readonly StoredRef[], name: string, version: string | null): StoredRef {
  const found = stored.find(
    (one) => one.name === name && (version === null || one.version === version),
  );
  if (found === undefined) throw unknown(name, version);
  return found;
}

function unknown(name: string, version: string | null): SubnetError {
  return new SubnetError('MODEL_UNKNOWN', {
    detail: version === null ? name : `${name}/${version}`,
  });
}

/** What is stored, and what is still served although it is stored no more. */
function indexOf(
  stored: readonly StoredRef[],
  states: ReadonlyMap<string, Pick<IndexedModel, 'state' | 'reason'>>,
): readonly IndexedModel[] {
  const listed = stored.map(({ name, version }): IndexedModel => {
    const said =
      states.get(`${name}/${version}`) ?? ({ state: 'UNAVAILABLE', reason: '' } as const);
    return { name, version, ...said };
  });
  const keys = new Set(stored.map(keyOf));
  const others = [...states].filter(([key, { state }]) => !keys.has(key) && state === 'READY');
  return [
    ...listed,
    ...others.map(([key, said]) => {
      const cut = key.lastIndexOf('/');
      return { name: key.slice(0, cut), version: key.slice(cut + 1), ...said };
    }),
  ];
}
