import { modelManifestSchema } from '../model-manifest.ts';
import { genesisSchema } from './genesis-schema.ts';
import { minerSchema } from './miner-schema.ts';
import { subnetSchema } from './subnet-schema.ts';
import { validatorSchema } from './validator-schema.ts';

/**
 * Every kind of YAML file by its name, the one source of its shape: types, checks, defaults, JSON Schema
 * (config/schema/*.json, by `npm run schema`) and the reference in docs/configuration.md.
 * Amounts in TAO are decimal strings or numbers with at most nine decimals; times say their unit.
 */
export const configSchemas = {
  subnet: subnetSchema,
  miner: minerSchema,
  validator: validatorSchema,
  genesis: genesisSchema,
  model: modelManifestSchema,
} as const;
