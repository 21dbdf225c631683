import type { Tensor } from '../../common/tensor.ts';
import type { ModelInfo } from '../engine/engine-port.ts';
import { isByteStrings } from '../engine/engine-frames.ts';

/**
 * Why the network would compute something else than these inputs say, in words for the caller; null
 * when it would not. Their names, types and shapes were held against the model before.
 */
export function inputProblem(
  inputs: readonly Tensor[],
  { sharesFirstAxis }: Pick<ModelInfo, 'sharesFirstAxis'>,
): string | null {
  const uneven = sharesFirstAxis ? unevenRows(inputs) : null;
  return uneven ?? inputs.map(textProblem).find((problem) => problem !== null) ?? null;
}

/** ONNX Runtime does not hold a named axis to one length: one row would stand for many. */
function unevenRows([first, ...others]: readonly Tensor[]): string | null {
  const other = others.find(({ shape }) => shape[0] !== first?.shape[0]);
  if (first === undefined || other === undefined) return null;
  return `input '${other.name}' has ${other.shape[0]} rows, and '${first.name}' has ${first.shape[0]}`;
}

/** ONNX Runtime for Node takes texts: other bytes would be replaced, and a NUL ends a text. */
function textProblem({ name, data }: Tensor): string | null {
  if (!isByteStrings(data)) return null;
  for (const [at, item] of data.entries()) {
    const why = item.includes(0) ? 'holds a NUL byte' : isUtf8(item) ? null : 'is no UTF-8 text';
    if (why !== null) return `input '${name}': element ${at} ${why}, which this model cannot take`;
  }
  return null;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
