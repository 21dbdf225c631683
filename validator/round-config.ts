import { raoOf } from '../common/config/field-schemas.ts';
import type { SubnetConfig } from '../common/config/subnet-schema.ts';
import type { ValidatorConfig } from '../common/config/validator-schema.ts';
import { deviationsOf } from '../tasks/skill.ts';
import type { Task } from '../tasks/task-port.ts';
import type { RoundConfig } from './round.ts';
import { queryWireOf } from './wire/choose-wire.ts';

export interface OperatorSettings {
  readonly netuid: number;
  readonly intervalBlocks: number;
  readonly rulesSha256: string;
  readonly query: ValidatorConfig['query'];
  readonly evidence: ValidatorConfig['evidence'];
  readonly weights: ValidatorConfig['weights'];
  readonly dryRun: boolean;
}

/** Each round leaves two entries, and now and then one for its weights. */
const entriesPerRound = 3;

/** The owner's YAML and the operator's settings as the round wants them. */
export function roundConfigOf(
  subnet: SubnetConfig,
  tasks: readonly Task[],
  operator: OperatorSettings,
): RoundConfig {
  const { scoring, sampling, averaging, weightPolicy } = subnet;
  const { concurrency, timeoutMs, maxAnswerBytes, allowPrivateAddresses } = operator.query;
  return {
    netuid: operator.netuid,
    versionKey: BigInt(subnet.versionKey),
    rulesSha256: operator.rulesSha256,
    tasks,
    select: {
      sampleSize: sampling.size ?? null,
      maxStakeRao: sampling.maxStakeTao === undefined ? null : raoOf(sampling.maxStakeTao),
    },
    query: {
      concurrency,
      timeoutMs,
      maxAnswerBytes,
      addresses: { allowPrivate: allowPrivateAddresses },
      wire: queryWireOf(subnet, operator.query),
    },
    scoring: {
      tasks: tasks.map((task, at) => ({
        name: task.name,
        chance: task.chance,
        weight: subnet.tasks[at]?.weight ?? 1,
      })),
      deviations: deviationsOf(scoring.confidence),
      latency: scoring.latency,
      windowRounds: averaging.windowRounds,
    },
    alpha: averaging.alpha,
    policy: weightPolicy,
    mechanisms: mechanismsOf(subnet),
    schedule: { intervalBlocks: operator.intervalBlocks, leadBlocks: null },
    submit: {
      timeoutMs: 60_000,
      lifetimeBlocks: 72,
      patienceBlocks: 8,
      readBackAttempts: 10,
      readBackPauseMs: 500,
      dryRun: operator.dryRun,
      commit: operator.weights.commit,
      allowEmptier: operator.weights.allowEmptier,
    },
    evidence: {
      keepBodies: operator.evidence.keepBodies,
      keepEntries: operator.evidence.keepRounds * entriesPerRound,
    },
  };
}

function mechanismsOf({ mechanisms }: SubnetConfig): RoundConfig['mechanisms'] {
  return mechanisms?.map(({ mecid, tasks }) => ({ mecid, tasks: tasks ?? null })) ?? null;
}
