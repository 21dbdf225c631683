import { z } from 'zod';
import { tao } from './field-schemas.ts';

const account = z
  .string()
  .regex(/^(\/\/[A-Za-z0-9_/]+|[1-9A-HJ-NP-Za-km-z]{46,50})$/, 'a dev key (//Alice) or SS58');

const genesisSubnet = z.strictObject({
  netuid: z.int().min(1).max(4095),
  owner: account.describe('Coldkey of the owner'),
  ownerHotkey: account,
  started: z.boolean().default(true).describe('Emission runs from block 1'),
  tempo: z.int().min(0).max(65535).default(20),
  kappa: z.int().min(0).max(65535).optional(),
  immunityPeriod: z.int().min(0).max(65535).optional(),
  minAllowedWeights: z.int().min(0).max(65535).optional(),
  maxAllowedUids: z.int().min(1).max(4096).optional(),
  maxAllowedValidators: z.int().min(1).max(4096).optional(),
  weightsRateLimit: z.int().min(0).optional(),
  weightsVersionKey: z.int().min(0).optional(),
  activityCutoffFactorMilli: z.int().min(0).optional(),
  servingRateLimit: z.int().min(0).optional(),
  commitRevealEnabled: z.boolean().optional(),
  commitRevealPeriod: z.int().min(1).max(100).optional(),
  yuma3: z.boolean().optional(),
  liquidAlpha: z.boolean().optional(),
  bondsMovingAverage: z.int().min(0).max(1_000_000).optional(),
  bondsPenalty: z.int().min(0).max(65535).optional(),
  registrationAllowed: z.boolean().optional(),
  ownerCutEnabled: z.boolean().optional(),
  burnTao: tao.optional(),
  minBurnTao: tao.optional(),
  maxBurnTao: tao.optional(),
  neurons: z
    .array(z.strictObject({ hotkey: account, coldkey: account, stakeTao: tao.default(0) }))
    .default([])
    .describe('Registered from the start, after the owner hotkey (uid 0)'),
});

export const genesisSchema = z
  .strictObject({
    $schema: z.string().optional(),
    sudo: account.default('//Alice'),
    beacon: z
      .enum(['development', 'quicknet'])
      .optional()
      .describe('Whose pulses open timelocked commits; those of quicknet come from outside'),
    balances: z.array(z.strictObject({ account, tao })).default([]),
    network: z
      .strictObject({
        taoWeight: z.number().min(0).max(1).optional(),
        stakeThresholdTao: tao.optional(),
        adminFreezeWindow: z.int().min(0).max(65535).optional(),
        networkRateLimit: z.int().min(0).optional(),
        networkMinLockTao: tao.optional(),
        ownerHyperparamRateLimit: z.int().min(0).max(65535).optional(),
      })
      .prefault({}),
    subnets: z.array(genesisSubnet).default([]),
  })
  .meta({ title: 'Genesis', description: 'subnet chain dev --genesis genesis.yaml' });

export type GenesisConfig = z.output<typeof genesisSchema>;
