import { sha3_256 } from '@noble/hashes/sha3.js';
import { fault } from '../../common/fault.ts';
import { toHex } from '../../common/hex.ts';
import { classicRequest, readClassicAnswer } from '../../common/wire/classic/classic-request.ts';
import type { SynapseForm } from '../../common/wire/classic/synapse-form.ts';
import { uuidOf } from '../../common/wire/epistula.ts';
import { defaultInferLimits } from '../../common/wire/inference-types.ts';
import type { QueryWire } from './query-wire.ts';

export interface ClassicWireOptions {
  /** One for each task; `model` is its name. */
  readonly forms: readonly SynapseForm[];
  readonly timeoutMs: number;
  readonly receiptsRequired: boolean;
}

/** Questions to the axons of Python subnets, as the Dendrite of the SDK up to 10 puts them. */
export function classicWire({ forms, timeoutMs, receiptsRequired }: ClassicWireOptions): QueryWire {
  const formOf = (task: string): SynapseForm | undefined =>
    forms.find(({ model }) => model === task);
  return {
    receiptsRequired,
    write: ({ target, task, challenge }, { signer, platform }) => {
      const form = formOf(task.name);
      if (form === undefined) return fault('cancelled', `no synapse for ${task.name}`);
      const nonceNs = platform.clock.nowNs();
      const uuid = uuidOf(platform.randomBytes(16));
      const { hotkey: receiver } = target;
      const { inputs } = challenge;
      const question = { form, inputs, signer, receiver, nonceNs, uuid, timeoutMs };
      const message = classicRequest(question, sha3);
      return 'problem' in message
        ? fault('cancelled', `not sendable: ${message.problem}`)
        : { pathWithQuery: `/${form.synapse}`, ...message.ok, nonceNs };
    },
    read: ({ task }, answer, maxBytes) => {
      const form = formOf(task.name);
      if (form === undefined) return fault('cancelled', `no synapse for ${task.name}`);
      const limits = { ...defaultInferLimits, maxBodyBytes: maxBytes };
      const outputs = readClassicAnswer(form, answer, task.outputs, limits);
      return 'problem' in outputs ? fault('bad-answer', outputs.problem) : outputs.ok;
    },
  };
}

const encoder = new TextEncoder();

function sha3(text: string): string {
  return toHex(sha3_256(encoder.encode(text)));
}
