import { z } from 'zod';
import { modelName, modelVersion } from '../model-manifest.ts';

/** Which models of a repository a miner serves, and by which names. */

const servedModel = z.strictObject({
  versions: z
    .union([z.enum(['newest', 'all']), z.array(modelVersion).min(1).max(64)])
    .default('newest')
    .describe('Which are loaded: the newest, all, or a list'),
  default: modelVersion
    .optional()
    .describe('Answers when no version is asked for; the newest loaded one when absent'),
  aliases: z.array(modelName).max(64).default([]).describe('Other names that it answers to'),
  canary: z
    .strictObject({
      version: modelVersion,
      share: z.number().min(0).max(1).describe('Of the callers; always the same ones'),
    })
    .optional()
    .describe('A version that answers some callers in place of the newest other one'),
});

export const modelsConfig = z
  .record(modelName, servedModel)
  .superRefine(checkNames)
  .describe('By name in the repository; the newest version of each when absent');

export type ModelsConfig = z.output<typeof modelsConfig>;

type LooseModels = Readonly<Record<string, { readonly aliases?: unknown } | null>>;

/** Runs also when single values are wrong. */
function checkNames(models: LooseModels, context: z.core.$RefinementCtx): void {
  const seen = new Set(Object.keys(models));
  for (const [name, model] of Object.entries(models)) {
    const aliases: readonly unknown[] = Array.isArray(model?.aliases) ? model.aliases : [];
    aliases.forEach((alias, at) => {
      const message = `${String(alias)} is a name already`;
      const path = [name, 'aliases', at];
      if (typeof alias === 'string' && seen.has(alias)) {
        context.addIssue({ code: 'custom', path, message });
      }
      if (typeof alias === 'string') seen.add(alias);
    });
  }
}

export const preparationConfig = z
  .strictObject({
    threads: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe('That tokenise, for each version with a tokenizer'),
    images: z
      .int()
      .min(1)
      .max(64)
      .default(2)
      .describe('Decoded at the same time, for each version'),
  })
  .prefault({})
  .describe('Texts and images on their way to the network');
