import type { SubnetConfig } from '../../common/config/subnet-schema.ts';
import type { ValidatorConfig } from '../../common/config/validator-schema.ts';
import { synapseFormOf } from '../../common/config/synapse-schema.ts';
import { classicWire } from './classic-wire.ts';
import { inferenceWire } from './inference-wire.ts';
import type { QueryWire } from './query-wire.ts';

/** The wire that the owner's YAML names, with the operator's settings. */
export function queryWireOf(
  { wire, tasks }: Pick<SubnetConfig, 'wire' | 'tasks'>,
  { encoding, timeoutMs }: Pick<ValidatorConfig['query'], 'encoding' | 'timeoutMs'>,
): QueryWire {
  const { protocol, receipts, synapses } = wire;
  const receiptsRequired =
    (receipts ?? (protocol === 'classic' ? 'optional' : 'required')) === 'required';
  if (protocol !== 'classic')
    return inferenceWire({ signedBy: protocol, encoding, receiptsRequired });
  const onlyTask = tasks[0]?.name ?? '';
  const forms = synapses.map((route) => synapseFormOf(route, onlyTask));
  return classicWire({ forms, timeoutMs, receiptsRequired });
}
