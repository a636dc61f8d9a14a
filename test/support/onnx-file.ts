/** Writes ONNX files field by field, sound ones and others: what tests read, independent of what we export. */

export function varint(value: bigint | number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return bytes;
}

export function whole(number: number, value: bigint | number): number[] {
  return [...varint(number * 8), ...varint(value)];
}

export function bytes(number: number, content: Iterable<number>): number[] {
  const list = [...content];
  return [...varint(number * 8 + 2), ...varint(list.length), ...list];
}

export function text(number: number, value: string): number[] {
  return bytes(number, new TextEncoder().encode(value));
}

export function fixed32(number: number, value: number): number[] {
  return [...varint(number * 8 + 5), ...new Uint8Array(Float32Array.of(value).buffer)];
}

/** How a tensor's values are written. */
export type Storage = 'raw' | 'typed' | 'double' | 'half' | 'int64' | 'int64-typed';

export function tensor(
  name: string,
  dims: readonly (number | bigint)[],
  values: readonly number[],
  storage: Storage = 'raw',
): number[] {
  const type = { raw: 1, typed: 1, double: 11, half: 10, int64: 7, 'int64-typed': 7 }[storage];
  const data = {
    raw: () => bytes(9, new Uint8Array(Float32Array.from(values).buffer)),
    typed: () => bytes(4, new Uint8Array(Float32Array.from(values).buffer)),
    double: () => bytes(10, new Uint8Array(Float64Array.from(values).buffer)),
    half: () =>
      bytes(
        5,
        values.flatMap((value) => varint(halfBits(value))),
      ),
    int64: () => bytes(9, new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer)),
    'int64-typed': () =>
      bytes(
        7,
        values.flatMap((value) => varint(value)),
      ),
  }[storage]();
  return [...bytes(1, dims.flatMap(varint)), ...whole(2, type), ...text(8, name), ...data];
}

/** binary16 of a number that it can hold exactly. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
}

export type AttributeValue =
  number | string | readonly number[] | { readonly real: number } | { readonly tensor: number[] };

function attribute(name: string, value: AttributeValue): number[] {
  if (typeof value === 'number') return [...text(1, name), ...whole(3, value), ...whole(20, 2)];
  if (typeof value === 'string') return [...text(1, name), ...text(4, value), ...whole(20, 3)];
  if ('real' in value) return [...text(1, name), ...fixed32(2, value.real), ...whole(20, 1)];
  if ('tensor' in value) return [...text(1, name), ...bytes(5, value.tensor), ...whole(20, 4)];
  return [...text(1, name), ...bytes(8, value.flatMap(varint)), ...whole(20, 7)];
}

export interface NodeOptions {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly domain?: string;
}

export function node({ operator, inputs, output, attributes = {}, domain }: NodeOptions): number[] {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...text(2, output),
    ...text(3, `node_${output}`),
    ...text(4, operator),
    ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))),
    ...(domain === undefined ? [] : text(7, domain)),
  ];
}

/** A ValueInfoProto of floats; a text is the name of a dimension. */
export function value(name: string, dims: readonly (number | bigint | string)[]): number[] {
  const shape = dims.flatMap((dim) => bytes(1, typeof dim === 'string' ? text(2, dim) : whole(1, dim)));
  return [...text(1, name), ...bytes(2, bytes(1, [...whole(1, 1), ...bytes(2, shape)]))];
}

export interface ModelOptions {
  readonly input?: readonly (number | bigint | string)[];
  readonly nodes: readonly number[][];
  readonly tensors?: readonly number[][];
  readonly outputs?: readonly string[];
  readonly opset?: number;
}

export function model({
  input = ['batch', 3],
  nodes,
  tensors = [],
  outputs = ['y'],
  opset = 13,
}: ModelOptions): Uint8Array {
  const graph = [
    ...nodes.flatMap((one) => bytes(1, one)),
    ...text(2, 'g'),
    ...tensors.flatMap((one) => bytes(5, one)),
    ...bytes(11, value('x', input)),
    ...outputs.flatMap((name) => bytes(12, value(name, ['batch', 1]))),
  ];
  return Uint8Array.from([
    ...whole(1, 8),
    ...text(2, 'test'),
    ...bytes(7, graph),
    ...bytes(8, [...text(1, ''), ...whole(2, opset)]),
  ]);
}
