import { messageOf } from '../../common/errors.ts';
import type { Tensor } from '../../common/tensor.ts';
import { maxTensorsBytes, tensorsLength } from './engine-frames.ts';
import type { Frame, FrameKind } from './engine-frames.ts';
import type { LoadFailure, LoadOrder, LoadReport, RunFault, RunOrder } from './engine-load.ts';
import { LoadError } from './load-error.ts';
import type { LoadedModel, LoadModel } from './loaded-model.ts';
import { rowsMixed } from './row-check.ts';
import { causeOf } from './run-cause.ts';
import { withPostSteps } from './with-post-steps.ts';

export type SendFrame = (
  kind: FrameKind,
  id: number,
  header: unknown,
  tensors?: readonly Tensor[],
) => void;

/**
 * Answers frames that are handed in one after the other. When the model has broken, nothing more is
 * begun: what was asked meanwhile is for the process that takes this one's place.
 */
export function createAnswerer(load: LoadModel, send: SendFrame): (frame: Frame) => Promise<void> {
  let model: LoadedModel | null = null;
  let broken = false;
  let maxAnswerBytes = Infinity;
  const onLoad = async ({ id, header }: Frame): Promise<void> => {
    try {
      const order = header as LoadOrder;
      maxAnswerBytes = order.maxAnswerBytes ?? Infinity;
      const loaded = await load(order);
      model = order.post === undefined ? loaded : withPostSteps(loaded, order.post);
      send('loaded', id, await checkedReport(model, order));
    } catch (error) {
      const problem = error instanceof LoadError ? error.problem : 'model';
      send('failed', id, { problem, detail: messageOf(error) } satisfies LoadFailure);
    }
  };
  const onRun = async ({ id, header, tensors }: Frame): Promise<void> => {
    try {
      if (model === null) throw new Error('no model is loaded');
      const { report, outputs } = await model.run(tensors);
      const { requests } = header as RunOrder;
      const fault = lengthFault(outputs, boundOf(maxAnswerBytes, requests));
      if (fault === null) send('outputs', id, report, outputs);
      else send('failed', id, fault);
    } catch (error) {
      const detail = messageOf(error);
      const cause = causeOf(detail, (await model?.stillRuns()) ?? null);
      broken = cause === 'broken';
      send('failed', id, { cause, detail } satisfies RunFault);
    }
  };
  return async (frame) => {
    if (frame.kind === 'load') await onLoad(frame);
    else if (!broken) await onRun(frame);
  };
}

/** Of a model that mixes the rows of a run it says that requests share none. */
async function checkedReport(loaded: LoadedModel, { tolerance }: LoadOrder): Promise<LoadReport> {
  const { report } = loaded;
  const { model } = report;
  if (!model.batchable) return report;
  const run = async (rows: readonly Tensor[]) => (await loaded.run(rows)).outputs;
  const mixed = await rowsMixed({ inputs: model.inputs, run }, tolerance);
  if (mixed === undefined) return report;
  return { ...report, model: { ...model, rowsMixed: mixed, batchable: mixed === null } };
}

/** What all requests of a run get together; one alone may have more of it. */
const maxSharedBytes = 268_435_456;

function boundOf(maxAnswerBytes: number, requests: number): number {
  return Math.max(maxAnswerBytes, Math.min(maxAnswerBytes * requests, maxSharedBytes));
}

/**
 * Whatever a model makes of its inputs, the miner gets no more than it has room for, and than a
 * frame can hold.
 */
function lengthFault(outputs: readonly Tensor[], boundBytes: number): RunFault | null {
  const bytes = tensorsLength(outputs);
  const maxBytes = Math.min(boundBytes, maxTensorsBytes);
  if (bytes <= maxBytes) return null;
  return { cause: 'too-large', detail: `outputs of ${bytes} bytes; at most ${maxBytes} are sent` };
}
