import { sha256 } from '@noble/hashes/sha2.js';
import type { Catalogue, ServedModel } from './served-model.ts';

/** Names a version, or, with `version` null, whichever answers for the name. */
export interface ModelRef {
  readonly name: string;
  readonly version: string | null;
}

/** Part of the callers of a name are answered by this version instead of the one that else would. */
export interface Canary {
  readonly version: string;
  /** 0 to 1; a caller always falls on the same side. */
  readonly share: number;
}

/** What a miner serves, and by which names; changes while it runs. */
export interface MutableCatalogue extends Catalogue {
  /** Answers from now on; the version of this name that it replaces, if there was one. */
  put(model: ServedModel): ServedModel | undefined;
  /** Found no more from now on; requests that hold it already end with it. */
  remove(name: string, version: string): ServedModel | undefined;
  /** Of the model itself, whatever aliases say; the newest first. */
  versions(name: string): readonly ServedModel[];
  aliases(): ReadonlyMap<string, ModelRef>;
  /**
   * Null takes it away. An alias goes before a model of the same name; one that stands for a version
   * of its own name pins what answers for it, canaries apart.
   */
  setAlias(alias: string, target: ModelRef | null): void;
  canaries(): ReadonlyMap<string, Canary>;
  setCanary(name: string, canary: Canary | null): void;
}

/** Versions of one name, the newest first. */
type Versions = readonly ServedModel[];

export function createCatalogue(): MutableCatalogue {
  const models = new Map<string, Versions>();
  const aliases = new Map<string, ModelRef>();
  const canaries = new Map<string, Canary>();
  const versionsOf = (name: string): Versions => models.get(name) ?? [];
  const setVersions = (name: string, versions: Versions): void => {
    if (versions.length === 0) models.delete(name);
    else models.set(name, versions);
  };
  const exact = (name: string, version: string): ServedModel | undefined =>
    versionsOf(name).find((model) => model.version === version);
  const settled = (name: string, trial: ServedModel | undefined): ServedModel | undefined => {
    const pin = aliases.get(name);
    if (pin?.name === name && pin.version !== null) return exact(name, pin.version);
    return versionsOf(name).find((model) => model !== trial) ?? trial;
  };
  const chosen = (name: string, caller: string | null): ServedModel | undefined => {
    const canary = canaries.get(name);
    const trial = canary === undefined ? undefined : exact(name, canary.version);
    const isTried =
      canary !== undefined &&
      caller !== null &&
      caller.length <= maxCallerLength &&
      drawOf(name, canary.version, caller) < canary.share;
    return isTried && trial !== undefined ? trial : settled(name, trial);
  };
  const find: Catalogue['find'] = (name, version, caller) => {
    const target = aliases.get(name);
    if (target === undefined || target.name === name) {
      return version === null ? chosen(name, caller) : exact(name, version);
    }
    if (target.version === null) {
      return version === null ? chosen(target.name, caller) : exact(target.name, version);
    }
    return version === null || version === target.version
      ? exact(target.name, target.version)
      : undefined;
  };
  return {
    find,
    names: () => {
      const all = new Set([...models.keys(), ...aliases.keys()]);
      return [...all].filter((name) => find(name, null, null) !== undefined);
    },
    list: () => [...models.values()].flat(),
    versions: versionsOf,
    put: (model) => {
      const replaced = exact(model.name, model.version);
      const others = versionsOf(model.name).filter((one) => one !== replaced);
      setVersions(model.name, [...others, model].sort(newestFirst));
      return replaced;
    },
    remove: (name, version) => {
      const removed = exact(name, version);
      setVersions(
        name,
        versionsOf(name).filter((one) => one !== removed),
      );
      return removed;
    },
    aliases: () => aliases,
    setAlias: (alias, target) => {
      if (target === null) aliases.delete(alias);
      else aliases.set(alias, target);
    },
    canaries: () => canaries,
    setCanary: (name, canary) => {
      if (canary === null) canaries.delete(name);
      else canaries.set(name, canary);
    },
  };
}

function newestFirst(a: ServedModel, b: ServedModel): number {
  return compareVersions(b.version, a.version);
}

/** By the numbers in them: 9 before 10, 1.2 before 1.10; otherwise as text. */
export function compareVersions(a: string, b: string): number {
  return numeric.compare(a, b) || (a < b ? -1 : Number(a > b));
}

const numeric = new Intl.Collator('en', { numeric: true });

/** No hotkey is longer. A caller is drawn before it is known, and strangers write what they like. */
const maxCallerLength = 64;

/**
 * From 0 to below 1, the same each time. The version is in it, so that not always the same callers
 * are the first to meet what is new.
 */
function drawOf(name: string, version: string, caller: string): number {
  const digest = sha256(new TextEncoder().encode(`${name}/${version}/${caller}`));
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0) / 2 ** 32;
}
