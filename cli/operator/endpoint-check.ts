import type { Chain, EndpointState } from '../../common/chain-port.ts';
import { SubnetError } from '../../common/errors.ts';
import type { CliIo } from '../io.ts';

/** Reading goes on with a warning where signing does not. */
export type Purpose = 'read' | 'sign';

/**
 * Looks at what is known of the endpoints that are not in use. Throws CHAIN_FOREIGN before a
 * signature when one of them is of another chain: what is meant is not clear then.
 */
export function checkEndpoints(
  io: Pick<CliIo, 'err'>,
  chain: Pick<Chain, 'endpoints' | 'genesisHash'>,
  purpose: Purpose,
): void {
  const states = chain.endpoints();
  const foreign = states.filter(({ state }) => state === 'wrong-chain');
  const silent = states.filter(({ state }) => state === 'failed' || state === 'untried');
  const others = foreign.map(problemText).join('; ');
  const detail = `${others}; the endpoint in use has genesis ${chain.genesisHash}`;
  if (foreign.length > 0 && purpose === 'sign') throw new SubnetError('CHAIN_FOREIGN', { detail });
  if (foreign.length > 0) io.err(`warning: endpoints of different chains: ${detail}`);
  for (const one of silent) {
    io.err(`warning: whether this endpoint is of the same chain is not known: ${problemText(one)}`);
  }
}

function problemText({ url, problem }: EndpointState): string {
  return `${url}: ${problem ?? 'no answer yet'}`;
}
