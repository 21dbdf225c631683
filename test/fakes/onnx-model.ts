/**
 * Writes small ONNX models (the protobuf form of onnx/onnx.proto3), so that tests have models of
 * any kind without a binary in the repository and without Python. Weights are what the caller says.
 */
export const elementTypes = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  string: 8,
  float16: 10,
} as const;

export type ElementType = keyof typeof elementTypes;

export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  /** A text names a free axis. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number>>;
}

export interface OnnxWeights {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

export interface OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  readonly weights?: readonly OnnxWeights[];
  /** Of the file format and of the operators; default ones that every runtime of these years knows. */
  readonly irVersion?: number;
  readonly opset?: number;
}

const utf8 = new TextEncoder();

export function onnxModel({
  inputs,
  outputs,
  nodes,
  weights = [],
  irVersion = 8,
  opset = 17,
}: OnnxGraph): Uint8Array {
  const graph = [
    ...nodes.map((node) => message(1, nodeProto(node))),
    text(2, 'test'),
    ...weights.map((one) => message(5, weightsProto(one))),
    ...inputs.map((value) => message(11, valueProto(value))),
    ...outputs.map((value) => message(12, valueProto(value))),
  ];
  return join([
    number(1, irVersion),
    text(2, 'subnet-suite tests'),
    message(7, graph),
    message(8, [text(1, ''), number(2, opset)]),
  ]);
}

function nodeProto({ op, inputs, outputs, attributes = {} }: OnnxNode): readonly Uint8Array[] {
  const integer = 2;
  return [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) =>
      message(5, [text(1, name), number(3, value), number(20, integer)]),
    ),
  ];
}

function weightsProto({ name, type, shape, data }: OnnxWeights): readonly Uint8Array[] {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const dims = shape.map((length) => number(1, length));
  return [...dims, number(2, elementTypes[type]), text(8, name), message(9, [raw])];
}

function valueProto({ name, type, shape }: OnnxValue): readonly Uint8Array[] {
  const dims = shape.map((length) =>
    message(1, [typeof length === 'number' ? number(1, length) : text(2, length)]),
  );
  const tensor = [number(1, elementTypes[type]), message(2, dims)];
  return [text(1, name), message(2, [message(1, tensor)])];
}

function number(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, [utf8.encode(value)]);
}

function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = join(parts);
  return join([Uint8Array.from([...varint((field << 3) | 2), ...varint(body.length)]), body]);
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
