import { amountJson, tao } from '../../common/operator/amount.ts';
import { plainValue, showValue } from '../../common/owner/hyperparameter-value.ts';
import type { RawValue } from '../../common/owner/hyperparameter-value.ts';
import type { Hyperparameter } from '../../common/owner/hyperparameters.ts';
import type { Fact } from './facts.ts';

/** For people and scripts: an amount as an amount, anything else as people read it. */
export function hyperparameterFact(parameter: Hyperparameter, value: RawValue): Fact {
  const isAmount = parameter.kind === 'tao' && typeof value === 'bigint';
  return isAmount ? tao(value) : showValue(parameter, value);
}

/** For scripts: an amount as an amount, anything else as `sudo set --value` takes it. */
export function hyperparameterJson(parameter: Hyperparameter, value: RawValue): unknown {
  const isAmount = parameter.kind === 'tao' && typeof value === 'bigint';
  return isAmount ? amountJson(tao(value)) : plainValue(parameter, value);
}
