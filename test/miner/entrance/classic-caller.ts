import { synapseFormOf, synapseRoute } from '../../../common/config/synapse-schema.ts';
import { sha3OfText } from '../../../common/node/sha3.ts';
import type { Signer } from '../../../common/signer-port.ts';
import type { Tensor } from '../../../common/tensor.ts';
import { classicRequest } from '../../../common/wire/classic/classic-request.ts';
import type { EncodedMessage } from '../../../common/wire/inference-types.ts';
import { digitsRoutes } from '../../interop/classic-routes.ts';
import { minerKey, platform, validator } from '../rig.ts';

export const uuid = '301ab9f0-e5e1-11f1-956e-02fc00000001';

export function imageTensor(value = 0.5): Tensor {
  const data = Float32Array.from({ length: 64 }, (_, at) => (value * ((at % 7) + 1)) / 7);
  return { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data };
}

export interface ClassicOptions {
  readonly synapse?: string;
  readonly image?: Tensor;
  readonly nonceNs?: bigint;
  readonly signer?: Signer;
  readonly uuid?: string;
}

/** A request as a Dendrite sends it. */
export function classicMessage(options: ClassicOptions = {}): EncodedMessage {
  const { synapse = 'Digits', image = imageTensor(), signer = validator } = options;
  const route = synapseRoute.parse(digitsRoutes.find((one) => one.synapse === synapse));
  const message = classicRequest(
    {
      form: synapseFormOf(route, 'digits'),
      inputs: [image],
      signer,
      receiver: minerKey.ss58,
      nonceNs: options.nonceNs ?? platform.clock.nowNs(),
      uuid: options.uuid ?? uuid,
      timeoutMs: 12_000,
    },
    sha3OfText,
  );
  if ('problem' in message) throw new Error(message.problem);
  return message.ok;
}
