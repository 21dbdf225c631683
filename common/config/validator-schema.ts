import { z } from 'zod';
import { chain, log, metrics, netuid, rules, wallet } from './field-schemas.ts';

export const validatorSchema = z
  .strictObject({
    $schema: z.string().optional(),
    subnet: z.string().min(1).describe('The subnet YAML, relative to this file'),
    netuid: netuid.optional().describe('Overrides the netuid of the subnet YAML'),
    chain,
    wallet: wallet.prefault({}),
    stateDir: z.string().default('./state').describe('Relative to this file; one process each'),
    rules,
    round: z
      .strictObject({
        intervalBlocks: z.int().min(1).max(100_000).optional().describe('Overrides the subnet'),
      })
      .prefault({}),
    query: z
      .strictObject({
        concurrency: z.int().min(1).max(4096).default(256),
        timeoutMs: z.int().min(10).max(600_000).default(12_000),
        maxAnswerBytes: z.int().min(1024).max(1_073_741_824).default(1_048_576),
        encoding: z.enum(['binary', 'json']).default('binary'),
        allowPrivateAddresses: z
          .boolean()
          .default(false)
          .describe('Dial loopback and private addresses: only for local networks'),
      })
      .prefault({}),
    weights: z
      .strictObject({
        commit: z
          .enum(['auto', 'timelocked', 'hash'])
          .default('auto')
          .describe('How to commit where commit-reveal is on; auto: timelocked if the chain can'),
        allowEmptier: z
          .boolean()
          .default(false)
          .describe(
            'Also send a vector that pays fewer than half of the neurons that the last effective one paid and that are still there (asked from two on), or that leaves out scores that are no numbers',
          ),
      })
      .prefault({}),
    evidence: z
      .strictObject({
        keepBodies: z.boolean().default(false).describe('Keep request and answer bodies'),
        keepRounds: z.int().min(1).max(10_000_000).default(10_000),
      })
      .prefault({}),
    metrics: metrics(9102),
    log,
  })
  .meta({ title: 'Validator', description: 'subnet validator run --config validator.yaml' });

export type ValidatorConfig = z.output<typeof validatorSchema>;
