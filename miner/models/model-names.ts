import { SubnetError } from '../../common/errors.ts';
import type { ModelsConfig } from '../../common/config/models-schema.ts';
import type { Canary, ModelRef, MutableCatalogue } from './catalogue.ts';

/** A version by name and number. */
export interface VersionRef {
  readonly name: string;
  readonly version: string;
}

/** As `name/version`. */
export function keyOf({ name, version }: VersionRef): string {
  return `${name}/${version}`;
}

/**
 * The names of a miner's models. An alias stands for a model that is loaded, or for one version of
 * it, and never for another alias; a canary is a loaded version of its model. What a name stands
 * for is not unloaded: a name that answered goes on answering until it is taken away itself.
 */

/** Throws MODEL_UNKNOWN, MODEL_ALIAS_INVALID. */
export function setAlias(
  catalogue: MutableCatalogue,
  alias: string,
  target: ModelRef | null,
): void {
  if (target !== null) checkLoaded(catalogue, target);
  // That a name stands for itself says nothing more than that nothing else is said of it.
  const isItself = target?.name === alias && target.version === null;
  catalogue.setAlias(alias, isItself ? null : target);
}

/** Throws MODEL_UNKNOWN, MODEL_ALIAS_INVALID. */
export function setCanary(catalogue: MutableCatalogue, name: string, canary: Canary | null): void {
  if (canary !== null) checkLoaded(catalogue, { name, version: canary.version });
  catalogue.setCanary(name, canary);
}

/** As a configuration says. Throws MODEL_UNKNOWN, MODEL_ALIAS_INVALID. */
export function nameModels(catalogue: MutableCatalogue, models: ModelsConfig = {}): void {
  for (const [name, model] of Object.entries(models)) {
    if (model.canary !== undefined) setCanary(catalogue, name, model.canary);
    if (model.default !== undefined) setAlias(catalogue, name, { name, version: model.default });
    for (const alias of model.aliases) setAlias(catalogue, alias, { name, version: null });
  }
}

function checkLoaded(catalogue: MutableCatalogue, { name, version }: ModelRef): void {
  const versions = catalogue.versions(name);
  if (versions.some((model) => version === null || model.version === version)) return;
  const target = catalogue.aliases().get(name);
  if (versions.length === 0 && target !== undefined) {
    const detail = `${name} stands for ${textOf(target)}`;
    throw new SubnetError('MODEL_ALIAS_INVALID', { detail });
  }
  throw new SubnetError('MODEL_UNKNOWN', { detail: `${textOf({ name, version })} is not loaded` });
}

function textOf({ name, version }: ModelRef): string {
  return version === null ? name : `${name}/${version}`;
}

/** The names that stand for this very version, such as `the alias embed`. */
export function namesOfVersion(
  catalogue: MutableCatalogue,
  { name, version }: VersionRef,
): readonly string[] {
  const aliases = [...catalogue.aliases()]
    .filter(([, target]) => target.name === name && target.version === version)
    .map(([alias]) => aliasText(alias, name));
  const isCanary = catalogue.canaries().get(name)?.version === version;
  return isCanary ? [...aliases, `the canary of ${name}`] : aliases;
}

/** The names that stand for whichever version of a model answers. */
export function namesOfModel(catalogue: MutableCatalogue, name: string): readonly string[] {
  return [...catalogue.aliases()]
    .filter(([, target]) => target.name === name && target.version === null)
    .map(([alias]) => aliasText(alias, name));
}

function aliasText(alias: string, name: string): string {
  return alias === name ? `the alias ${alias} (its default version)` : `the alias ${alias}`;
}

/** Throws MODEL_IN_USE when a name would stand for nothing without these versions of one model. */
export function checkFree(
  catalogue: MutableCatalogue,
  name: string,
  going: readonly VersionRef[],
): void {
  const isLast = catalogue.versions(name).length <= going.length;
  const names = [
    ...going.flatMap((one) => namesOfVersion(catalogue, one)),
    ...(isLast ? namesOfModel(catalogue, name) : []),
  ];
  if (names.length === 0) return;
  const what = going.map(keyOf).join(', ');
  throw new SubnetError('MODEL_IN_USE', { detail: `${what}: ${names.join(', ')}` });
}
