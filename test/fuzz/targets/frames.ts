import type { Tensor } from '../../../common/tensor.ts';
import { createFrameReader, encodeFrame } from '../../../miner/engine/engine-frames.ts';
import type { Frame } from '../../../miner/engine/engine-frames.ts';
import type { Random } from '../random.ts';
import { promise } from '../target.ts';
import type { FuzzTarget } from '../target.ts';

function frameOf(random: Random): Frame {
  const tensors = Array.from({ length: random.below(3) }, (_, at): Tensor => {
    const count = random.below(20);
    const name = `t${at}`;
    if (random.chance(0.3)) {
      const data = Array.from({ length: count }, () => random.bytes(random.below(9)));
      return { name, datatype: 'BYTES', shape: [count], data };
    }
    const data = Float32Array.from({ length: count }, () => random.below(1000) / 7);
    return { name, datatype: 'FP32', shape: [count], data };
  });
  return {
    kind: random.pick(['run', 'outputs']),
    id: random.below(2 ** 31),
    header: { a: 1 },
    tensors,
  };
}

/** Pieces of odd lengths, as a socket may hand them over; the lengths follow from the input. */
function* pieces(input: Uint8Array): Generator<Uint8Array> {
  let step = 1 + (input.length % 13);
  for (let at = 0; at < input.length; at += step) {
    step = 1 + ((step * 7 + 3) % 97);
    yield input.subarray(at, at + step);
  }
}

function readAll(chunks: Iterable<Uint8Array>): readonly Frame[] | 'unreadable' {
  const reader = createFrameReader();
  const frames: Frame[] = [];
  try {
    for (const chunk of chunks) frames.push(...reader.push(chunk));
  } catch {
    // What a model process in good order never writes; whoever reads it ends that process.
    return 'unreadable';
  }
  return frames;
}

const mostPayload = 32_768;

function announcesMuch(input: Uint8Array): boolean {
  return (
    input.length >= 4 &&
    new DataView(input.buffer, input.byteOffset).getUint32(0, true) > mostPayload
  );
}

export const frameTarget: FuzzTarget = {
  name: 'frames',
  make: (random) => {
    const frames = Array.from({ length: 1 + random.below(3) }, () => frameOf(random));
    return new Uint8Array(Buffer.concat(frames.flatMap((frame) => encodeFrame(frame))));
  },
  run: (input) => {
    if (announcesMuch(input)) return;
    // Views into what was read: two buffers, so that neither changes the other.
    const whole = readAll([input.slice()]);
    const cut = readAll(pieces(input.slice()));
    if (whole === 'unreadable' || cut === 'unreadable') {
      promise(whole === cut, 'how a stream is cut changes nothing');
      return;
    }
    promise(keyOf(whole) === keyOf(cut), 'how a stream is cut changes nothing');
  },
};

function keyOf(frames: readonly Frame[]): string {
  return frames
    .map(({ kind, id, tensors }) => {
      const shapes = tensors.map(
        ({ name, shape, data }) => `${name}[${shape.join()}]${data.length}`,
      );
      return `${kind} ${id} ${shapes.join()}`;
    })
    .join('\n');
}
