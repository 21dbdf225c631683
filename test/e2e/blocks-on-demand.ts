import { setTimeout as sleep } from 'node:timers/promises';
import type { DevChain, DevChainOptions } from '../../chain/devchain.ts';
import type { Chain } from '../../common/chain-port.ts';
import { until } from './chain-client.ts';
import type { RawClient } from './chain-client.ts';

/**
 * A chain that passes its time by blocks alone: a machine that stops for seconds between two of them
 * would skip rounds of the beacon that a commit waits for.
 */
export function byBlocksAlone(): Pick<DevChainOptions, 'manual' | 'nowMs'> {
  const startedMs = Date.now();
  return { manual: true, nowMs: () => startedMs };
}

/**
 * Blocks of a chain whose clock stands still: one comes when the pool holds something, or when it is
 * asked for. So an epoch is as long for a slow machine as for a fast one.
 */
export interface BlocksOnDemand {
  /** Runs something that sends an extrinsic, and makes blocks for it. */
  mined<T>(work: Promise<T>): Promise<T>;
  /** The same chain, whose submissions make the block that they wait for. */
  submitting(chain: Chain): Chain;
  /** Makes so many blocks; resolves when this chain's head has followed. */
  pass(chain: Chain, blocks: number): Promise<void>;
}

export function blocksOnDemand(dev: DevChain, rpc: RawClient): BlocksOnDemand {
  async function mined<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([settled, sleep(10, false)]))) {
      const waiting = (await rpc.call('author_pendingExtrinsics')) as readonly unknown[];
      if (waiting.length > 0) await dev.newBlock();
    }
    return work;
  }

  function submitting(chain: Chain): Chain {
    const sending: Chain['submit'] = (...args) => mined(chain.submit(...args));
    return new Proxy(chain, {
      get(target, name) {
        if (name === 'submit') return sending;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  return {
    mined,
    submitting,
    pass: async (chain, blocks) => {
      for (let made = 0; made < blocks; made += 1) await dev.newBlock();
      await until(async () => (await chain.head()).number >= dev.head().number);
    },
  };
}
