import type { SynapseForm } from '../../common/wire/classic/synapse-form.ts';
import type { ServedModel } from '../models/served-model.ts';

/** The plain `Synapse`, which every axon answers: Python validators send it to see who is there. */
export const pingForm: SynapseForm = {
  synapse: 'Synapse',
  model: 'Synapse',
  fields: [],
  hashFields: [],
};

/** No tensors in, none out; signed, admitted and counted like any other request. */
export const pingModel: ServedModel = {
  name: pingForm.model,
  version: '1',
  sha256: '-',
  interface: { inputs: [], outputs: [] },
  platform: 'ping',
  notReady: () => null,
  infer: () => Promise.resolve({ kind: 'outputs', outputs: [], runMs: 0 }),
  load: () => ({ waiting: 0, running: 0 }),
  close: () => Promise.resolve(),
};
