import type { Chain } from '../chain-port.ts';
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

/** An owner's change is told this many blocks later at most: ten minutes of a real chain. */
const lookEveryBlocks = 50;

/**
 * Compares the subnet YAML that a node runs with the owner's commitment on chain, once. Throws
 * RULES_DIFFER when they differ and the configuration says `refuse`; CHAIN_*.
 */
export async function checkRules(
  source: StateSource,
  question: RulesQuestion,
  log: Logger,
): Promise<RulesState> {
  const { netuid, file, sha256, onMismatch } = question;
  if (onMismatch === 'ignore')
    return { kind: 'unknown', detail: 'not looked at (rules.onMismatch)' };
  const state = await compareRules(await source.view(), netuid, sha256);
  if (state.kind === 'differs' && onMismatch === 'refuse') {
    throw new SubnetError('RULES_DIFFER', { file, sha256, committed: state.committed });
  }
  tell(state, question, log);
  return state;
}

/**
 * Goes on comparing while the node runs, and says what changed since `known`: rules that an owner
 * commits in the middle of a run stop nobody, they are refused at the next start. Returns how to end.
 */
export function watchRules(
  chain: Pick<Chain, 'onHead'> & StateSource,
  question: RulesQuestion,
  known: RulesState,
  log: Logger,
): () => void {
  if (question.onMismatch === 'ignore') return () => undefined;
  let last = known;
  let lookedAt: number | null = null;
  const look = async (): Promise<void> => {
    const state = await compareRules(await chain.view(), question.netuid, question.sha256);
    if (keyOf(state) !== keyOf(last)) tell(state, question, log);
    last = state;
  };
  return chain.onHead(({ number }) => {
    lookedAt ??= number;
    // A chain that was set back is looked at anew too.
    if (Math.abs(number - lookedAt) < lookEveryBlocks) return;
    lookedAt = number;
    // What the chain does not answer now is asked again later.
    void look().catch(() => undefined);
  });
}

function keyOf(state: RulesState): string {
  return state.kind === 'differs' ? state.committed : state.kind;
}

function tell(state: RulesState, { file, sha256 }: RulesQuestion, log: Logger): void {
  if (state.kind === 'differs') {
    const { committed, block } = state;
    log.warn('the owner committed other rules on chain', { file, sha256, committed, block });
  }
  if (state.kind === 'same') log.info('rules agree with the chain', { sha256, block: state.block });
}
