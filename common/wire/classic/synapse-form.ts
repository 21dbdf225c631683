/** The type of a field as its Python class declares it, as far as texts and tensors depend on it. */
export type PyType =
  | { readonly kind: 'int' | 'float' | 'str' | 'bool' | 'any' | 'dict' | 'tensor' }
  | { readonly kind: 'list'; readonly of: PyType };

/** How an output's values stand in their field. */
export type FieldEncoding = 'scalar' | 'list' | 'nested' | 'tensor';

export interface SynapseField {
  readonly name: string;
  readonly type: PyType;
  /** Has no default in the Python class: a caller announces it with a header of its own. */
  readonly required: boolean;
  /** The tensor that goes to the model. */
  readonly input: TensorField | null;
  /** The tensor that comes from the model. */
  readonly output: OutputField | null;
  /** JSON that a caller of ours always sends in it; of no meaning to a miner. */
  readonly constant: string | null;
}

export interface TensorField {
  readonly tensor: string;
  /** What a flat list is to be cut into; -1 stands for any length. By default the model's. */
  readonly shape: readonly number[] | null;
}

export interface OutputField {
  readonly tensor: string;
  readonly encoding: FieldEncoding;
}

/** A synapse class of a Python subnet, and what each of its fields means to the model. */
export interface SynapseForm {
  /** The name of the class, which is the path. */
  readonly synapse: string;
  readonly model: string;
  readonly fields: readonly SynapseField[];
  /** In the order of `required_hash_fields`. */
  readonly hashFields: readonly string[];
}

const scalars = ['int', 'float', 'str', 'bool', 'any', 'dict', 'tensor'] as const;
const deepest = 8;

/** `int`, `list[float]`, `list[list[int]]`, `dict`, `tensor` …; null for anything else. */
export function parsePyType(text: string, depth = 0): PyType | null {
  const scalar = scalars.find((kind) => kind === text);
  if (scalar !== undefined) return { kind: scalar };
  if (text === 'list') return { kind: 'list', of: { kind: 'any' } };
  const inner = /^list\[(.+)\]$/.exec(text)?.[1];
  if (inner === undefined || depth >= deepest) return null;
  const of = parsePyType(inner, depth + 1);
  return of === null ? null : { kind: 'list', of };
}

/** The encoding that a type suggests. */
export function encodingOf(type: PyType): FieldEncoding {
  if (type.kind === 'tensor') return 'tensor';
  if (type.kind !== 'list') return 'scalar';
  return type.of.kind === 'list' || type.of.kind === 'any' ? 'nested' : 'list';
}
