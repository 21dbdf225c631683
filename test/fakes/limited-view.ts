import type { RuntimeFacts } from '../../common/chain-port.ts';
import type { StateView } from '../../common/state-view.ts';

/** The same state, seen by a client that may use only this source. */
export function limitedTo(view: StateView, metagraph: RuntimeFacts['metagraph']): StateView {
  return {
    block: view.block,
    runtime: { ...view.runtime, metagraph },
    hasStorage: (...args) => view.hasStorage(...args),
    storage: (...args) => view.storage(...args),
    storageMany: (...args) => view.storageMany(...args),
    entries: (...args) => view.entries(...args),
    hasApi: (...args) => view.hasApi(...args),
    api: (...args) => view.api(...args),
    constant: (...args) => view.constant(...args),
    callArguments: (...args) => view.callArguments(...args),
    fee: (...args) => view.fee(...args),
  };
}
