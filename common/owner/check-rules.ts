import { SubnetError } from '../errors.ts';
import type { StateSource } from '../state-view.ts';
import type { Logger } from '../telemetry-port.ts';
import { compareRules } from './rules-commitment.ts';
import type { RulesState } from './rules-commitment.ts';

export interface RulesQuestion {
  readonly netuid: number;
  /** Path of the subnet YAML, for messages. */
  readonly file: string;
  readonly sha256: string;
  readonly onMismatch: 'warn' | 'refuse' | 'ignore';
}

/**
 * Compares the subnet YAML that a node runs with the owner's commitment on chain, once. Throws
 * RULES_DIFFER when they differ and the configuration says `refuse`; CHAIN_*.
 */
export async function checkRules(
  source: StateSource,
  { netuid, file, sha256, onMismatch }: RulesQuestion,
  log: Logger,
): Promise<RulesState> {
  if (onMismatch === 'ignore')
    return { kind: 'unknown', detail: 'not looked at (rules.onMismatch)' };
  const state = await compareRules(await source.view(), netuid, sha256);
  if (state.kind === 'differs') {
    const { committed, block } = state;
    if (onMismatch === 'refuse') throw new SubnetError('RULES_DIFFER', { file, sha256, committed });
    log.warn('the owner committed other rules on chain', { file, sha256, committed, block });
  }
  if (state.kind === 'same') log.info('rules agree with the chain', { sha256, block: state.block });
  return state;
}
