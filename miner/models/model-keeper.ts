import type { ModelsConfig } from '../../common/config/models-schema.ts';
import { SubnetError, messageOf } from '../../common/errors.ts';
import { createMutex } from '../../common/mutex.ts';
import type { ModelStatistics } from '../../common/wire/model-statistics.ts';
import type { IndexedModel } from '../../common/wire/repository-index.ts';
import type { Canary, ModelRef } from './catalogue.ts';
import {
  checkFree,
  keyOf,
  nameModels,
  namesOfModel,
  namesOfVersion,
  setAlias,
  setCanary,
} from './model-names.ts';
import type { VersionRef } from './model-names.ts';
import { createModelShelf } from './model-shelf.ts';
import type { ModelShelf, ShelfDeps, ShelfOptions, ShelfState } from './model-shelf.ts';
import { versionsToDrop, versionsToLoad } from './plan-rescan.ts';
import type { LeftAlone, Order, RescanState } from './plan-rescan.ts';
import type { ServedModel } from './served-model.ts';
import { findWanted, wantedVersions } from './wanted-versions.ts';
import type { MissingVersion, WantedVersions } from './wanted-versions.ts';

/** A version that is stored where models are loaded from. */
export type StoredRef = VersionRef;

export interface KeeperDeps extends ShelfDeps {
  /** What is stored now, the newest version of each name first. Throws MODEL_REPOSITORY_INVALID. */
  scan(): readonly StoredRef[];
}

export interface KeeperOptions extends ShelfOptions {
  readonly models: ModelsConfig | undefined;
}

/** A version as `name/version`, and why. */
export interface ToldVersion {
  readonly model: string;
  readonly reason: string;
}

export interface RescanReport {
  /** As `name/version`. */
  readonly loaded: readonly string[];
  readonly unloaded: readonly string[];
  /** What stays as it is although the configuration says otherwise. */
  readonly left: readonly ToldVersion[];
  readonly failed: readonly ToldVersion[];
}

/**
 * Loads and unloads versions and names them while a miner serves, one change after the other. A
 * version answers only once it is warm, and the one that it replaces answers until then; a change
 * that fails leaves everything as it was. A version that goes holds up no other change: it is found
 * no more, and its last requests take their time. What is asked for here goes before the
 * configuration until it is taken back here.
 */
export interface ModelKeeper {
  /** Loads and names what the configuration asks for. Throws the first thing that fails. */
  start(): Promise<void>;
  /** Null: the newest stored version. One that is loaded is read anew and replaced. */
  load(name: string, version: string | null): Promise<ServedModel>;
  /**
   * Null: all versions. Resolves once they answer no more and their processes are gone. Throws
   * MODEL_IN_USE while a name stands for what would go.
   */
  unload(name: string, version: string | null): Promise<void>;
  /**
   * Brings what is served to what is stored and configured now. Resolves once the processes of what
   * it unloads are gone.
   */
  rescan(): Promise<RescanReport>;
  /** Throws MODEL_UNKNOWN, MODEL_ALIAS_INVALID. */
  setAlias(alias: string, target: ModelRef | null): Promise<void>;
  /** Throws MODEL_UNKNOWN, MODEL_ALIAS_INVALID. */
  setCanary(name: string, canary: Canary | null): Promise<void>;
  index(): readonly IndexedModel[];
  /** Null stands for all; empty when there is no such model. */
  statistics(name: string | null, version: string | null): readonly ModelStatistics[];
  /** Ends a load that is under way, then closes all. */
  close(): Promise<void>;
}

export function createModelKeeper(deps: KeeperDeps, options: KeeperOptions): ModelKeeper {
  const { catalogue } = deps;
  const changes = createMutex();
  const shelf = createModelShelf(deps, options);
  const orders = new Map<string, Order>();
  const context: Context = { ...deps, models: options.models, shelf, orders };
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await shelf.close();
    // What waited for its turn is turned away by now.
    await changes.run(() => shelf.close());
  };
  return {
    start: () => changes.run(() => start(context)),
    load: (name, version) => changes.run(() => load(context, name, version)),
    unload: async (name, version) => {
      const going = await changes.run(async () => unload(context, name, version));
      await Promise.all(going);
    },
    rescan: async () => {
      const { report, going } = await changes.run(() => rescan(context));
      await Promise.all(going);
      return report;
    },
    setAlias: (alias, target) => changes.run(async () => setAlias(catalogue, alias, target)),
    setCanary: (name, canary) => changes.run(async () => setCanary(catalogue, name, canary)),
    index: () => indexOf(deps.scan(), shelf.states),
    statistics: (name, version) =>
      shelf.find(name, version).flatMap((model) => model.statistics?.() ?? []),
    close: () => (closing ??= close()),
  };
}

interface Context extends KeeperDeps {
  readonly models: ModelsConfig | undefined;
  readonly shelf: ModelShelf;
  /** By `name/version`, what an operator asked for. */
  readonly orders: Map<string, Order>;
}

async function start({ catalogue, models, shelf, scan }: Context): Promise<void> {
  for (const one of wantedVersions(scan(), models)) await shelf.open(one);
  nameModels(catalogue, models);
}

async function load(
  { shelf, orders, scan }: Context,
  name: string,
  version: string | null,
): Promise<ServedModel> {
  const model = await shelf.open(storedRef(scan(), name, version));
  orders.set(keyOf(model), 'loaded');
  return model;
}

/** What goes: found no more, and each resolves when its last requests are answered. */
type Going = readonly Promise<void>[];

function unload(
  { catalogue, shelf, orders }: Context,
  name: string,
  version: string | null,
): Going {
  const models = shelf.find(name, version);
  if (models.length === 0) throw unknown(name, version);
  checkFree(catalogue, name, models);
  for (const model of models) orders.set(keyOf(model), 'unloaded');
  return models.map((model) => shelf.drop(model));
}

async function rescan(
  context: Context,
): Promise<{ readonly report: RescanReport; readonly going: Going }> {
  const { shelf, models, scan } = context;
  const wanted = findWanted(scan(), models);
  tellMissing(context, wanted.missing);
  const missing = versionsToLoad(rescanState(context, wanted));
  const failed = await tryAll(context, missing.load);
  const over = versionsToDrop(rescanState(context, wanted));
  const left = [...missing.left, ...over.left];
  tellLeft(context, left, over.left);
  const dropped = over.drop.flatMap(({ name, version }) => shelf.find(name, version));
  const failedRefs = new Set(failed.map(({ ref }) => ref));
  const report = {
    loaded: missing.load.filter((ref) => !failedRefs.has(ref)).map(keyOf),
    unloaded: dropped.map(keyOf),
    left: left.map(told),
    failed: [...wanted.missing.map(toldMissing), ...failed.map(told)],
  };
  return { report, going: dropped.map((model) => shelf.drop(model)) };
}

function rescanState(
  { catalogue, orders }: Context,
  { found, missing }: WantedVersions<VersionRef>,
): RescanState {
  return {
    wanted: found,
    missing,
    kept: catalogue.list(),
    orderOf: (ref) => orders.get(keyOf(ref)),
    namesOfVersion: (ref) => namesOfVersion(catalogue, ref),
    namesOfModel: (name) => namesOfModel(catalogue, name),
  };
}

async function tryAll(
  { shelf, log }: Context,
  refs: readonly VersionRef[],
): Promise<readonly LeftAlone[]> {
  const failed: LeftAlone[] = [];
  for (const ref of refs) {
    await shelf.open(ref).catch((error: unknown) => {
      log.error('a model could not be loaded', { model: ref.name, version: ref.version, error });
      failed.push({ ref, reason: messageOf(error) });
    });
  }
  return failed;
}

function tellLeft(
  { shelf, log }: Context,
  left: readonly LeftAlone[],
  loaded: readonly LeftAlone[],
): void {
  for (const { ref, reason } of left) {
    const { name: model, version } = ref;
    log.warn('a rescan leaves a version as it is', { model, version, reason });
  }
  for (const { ref, reason } of loaded) shelf.explain(ref, `left by the last rescan: ${reason}`);
}

function tellMissing({ log }: Context, missing: readonly MissingVersion[]): void {
  for (const { name: model, version, reason } of missing) {
    log.error('a model could not be loaded', { model, version, error: reason });
  }
}

function toldMissing({ name, version, reason }: MissingVersion): ToldVersion {
  return { model: version === null ? name : keyOf({ name, version }), reason };
}

function told({ ref, reason }: LeftAlone): ToldVersion {
  return { model: keyOf(ref), reason };
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
  states: ReadonlyMap<string, ShelfState>,
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
