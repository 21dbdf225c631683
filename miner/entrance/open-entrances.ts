import type { MinerConfig } from '../../common/config/miner-schema.ts';
import { synapseFormOf } from '../../common/config/synapse-schema.ts';
import { SubnetError } from '../../common/errors.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { FlatNumbers } from '../../common/wire/flat-numbers.ts';
import type { SynapseForm } from '../../common/wire/classic/synapse-form.ts';
import { btauthEntrance } from './btauth-entrance.ts';
import { findClassic, formProblems } from './classic-conversation.ts';
import type { ClassicDeps } from './classic-conversation.ts';
import type { FindConversation } from './entrance.ts';
import { epistulaEntrance } from './epistula-entrance.ts';
import { findInference } from './inference-conversation.ts';

export interface EntranceDeps extends ClassicDeps {
  readonly log: Logger;
  /** Reads the numbers of tensors in JSON. */
  readonly numbers: FlatNumbers;
}

/**
 * The conversations that the configuration opens. Throws CONFIG_INVALID when a synapse does not fit
 * the model that it names and that is served already.
 */
export function openEntrances(
  deps: EntranceDeps,
  { entrances, task }: Pick<MinerConfig, 'entrances' | 'task'>,
): readonly FindConversation[] {
  const { btauth, epistula, classic } = entrances;
  const [first, ...rest] = [
    ...(btauth ? [btauthEntrance] : []),
    ...(epistula ? [epistulaEntrance] : []),
  ];
  const { catalogue, numbers } = deps;
  const inference =
    first === undefined ? [] : [findInference(catalogue, [first, ...rest], numbers)];
  if (classic === undefined) return inference;
  const forms = classic.routes.map((route) => synapseFormOf(route, task));
  for (const form of forms) checkForm(deps, form);
  return [...inference, findClassic(deps, forms)];
}

function checkForm({ catalogue, log }: EntranceDeps, form: SynapseForm): void {
  const { synapse, model: name, hashFields } = form;
  const model = catalogue.find(name, null, null);
  const [problem] = model === undefined ? [] : formProblems(form, model.interface);
  if (problem !== undefined) {
    const detail = `entrances.classic: ${synapse} does not fit the model ${name}: ${problem}`;
    throw new SubnetError('CONFIG_INVALID', { detail });
  }
  if (hashFields.length > 0) return;
  log.warn('the body of this synapse is not signed: anyone on the way may change it', { synapse });
}
