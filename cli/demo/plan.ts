import { stringify } from 'yaml';

/** The four miners of the demo, in the order in which the runtime should pay them. */
export const demoMiners = ['best', 'weaker', 'constant', 'absent'] as const;
export type DemoMiner = (typeof demoMiners)[number];

export const demoValidators = ['alpha', 'beta'] as const;
export type DemoValidator = (typeof demoValidators)[number];

export const demoNetuid = 2;
/** Blocks between two epochs. */
export const demoTempo = 24;
export const demoBlockTimeMs = 250;
/** Stake that each validator adds; far more than miners earn in a demo, as on a real subnet. */
export const demoStakeTao: Readonly<Record<DemoValidator, number>> = { alpha: 6000, beta: 4000 };

/** An open port at an address that the chain accepts for an axon. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ModelFile {
  readonly path: string;
  readonly sha256: string;
}

function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 100 });
}

/**
 * genesis.yaml: one subnet with the owner only; the others register and stake by extrinsics. Weights
 * are set plainly: a commit takes effect an epoch later at the earliest, and the pulses that open it
 * cost the chain more time than its blocks, which a first look at a subnet should not wait for.
 */
export function genesisText(
  owner: { coldkey: string; hotkey: string },
  coldkeys: string[],
): string {
  return yaml({
    sudo: '//Alice',
    // No pulses here: nothing is committed.
    beacon: 'quicknet',
    balances: [owner.coldkey, ...coldkeys].map((account) => ({ account, tao: 100_000 })),
    network: { adminFreezeWindow: 0, stakeThresholdTao: 0 },
    subnets: [
      {
        netuid: demoNetuid,
        owner: owner.coldkey,
        ownerHotkey: owner.hotkey,
        started: true,
        tempo: demoTempo,
        weightsRateLimit: Math.floor(demoTempo / 2),
        weightsVersionKey: 0,
        servingRateLimit: 0,
        commitRevealEnabled: false,
        burnTao: 0.1,
      },
    ],
  });
}

/** miner.yaml of a miner that serves one of the example models on the processor. */
export function minerText(input: {
  name: string;
  chainUrl: string;
  walletPath: string;
  model: ModelFile;
  axon: Endpoint;
  metricsPort: number;
}): string {
  return yaml({
    netuid: demoNetuid,
    chain: { endpoints: [input.chainUrl] },
    wallet: { path: input.walletPath, name: input.name, hotkey: 'default' },
    task: 'digits',
    model: input.model,
    engine: { provider: 'cpu', threads: 1 },
    server: {
      host: input.axon.host,
      port: input.axon.port,
      externalIp: input.axon.host,
      externalPort: input.axon.port,
    },
    announce: { serve: true, register: true, maxBurnTao: 10 },
    metrics: { port: input.metricsPort },
    log: { format: 'json' },
  });
}

/** validator.yaml; the subnet file is the shipped one. */
export function validatorText(input: {
  name: string;
  chainUrl: string;
  walletPath: string;
  subnetFile: string;
  stateDir: string;
  metricsPort: number;
}): string {
  return yaml({
    subnet: input.subnetFile,
    netuid: demoNetuid,
    chain: { endpoints: [input.chainUrl] },
    wallet: { path: input.walletPath, name: input.name, hotkey: 'default' },
    stateDir: input.stateDir,
    round: { intervalBlocks: 4 },
    query: { timeoutMs: 900, allowPrivateAddresses: true },
    metrics: { port: input.metricsPort },
    log: { format: 'json' },
  });
}
