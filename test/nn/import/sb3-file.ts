import { storedZip, torchFile } from '../../support/torch-file.ts';
import type { TorchTensor } from '../../support/torch-file.ts';

/** Opcodes put together by hand: what a person who means harm would do. */
const ascii = (text: string): number[] => Array.from(text, (char) => char.charCodeAt(0));
const little = (value: number, width: number): number[] =>
  Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);

export const op = {
  global: (module: string, name: string): number[] => [0x63, ...ascii(`${module}\n${name}\n`)],
  text: (value: string): number[] => [
    0x58,
    ...little(new TextEncoder().encode(value).length, 4),
    ...new TextEncoder().encode(value),
  ],
  int: (value: number): number[] => [0x4a, ...little(value < 0 ? value + 2 ** 32 : value, 4)],
  bytes: (value: Uint8Array): number[] => [0x42, ...little(value.length, 4), ...value],
  tuple: (...items: number[][]): number[] => [0x28, ...items.flat(), 0x74],
  dict: (entries: Readonly<Record<string, number[]>>): number[] => [
    0x7d,
    0x28,
    ...Object.entries(entries).flatMap(([key, value]) => [...op.text(key), ...value]),
    0x75,
  ],
  /** A call, and an object with attributes. */
  call: (callee: number[], args: number[]): number[] => [...callee, ...args, 0x52],
  object: (cls: number[], state: Readonly<Record<string, number[]>>): number[] => [
    ...cls,
    0x29,
    0x81,
    ...op.dict(state),
    0x62,
  ],
  none: [0x4e],
  true: [0x88],
  false: [0x89],
};

/** A whole pickle of protocol 4. */
export const pickle = (...body: number[][]): Uint8Array => Uint8Array.from([0x80, 4, ...body.flat(), 0x2e]);

/** A float32 array as numpy pickles it. */
export function array(values: readonly number[], shape: readonly number[] = [values.length], type = 'f4'): number[] {
  const dtype = [
    ...op.call(op.global('numpy', 'dtype'), op.tuple(op.text(type), op.false, op.true)),
    ...op.tuple(op.int(3), op.text('<'), op.none, op.none, op.none, op.int(-1), op.int(-1), op.int(0)),
    0x62,
  ];
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return op.call(
    op.global('numpy.core.numeric', '_frombuffer'),
    op.tuple(op.bytes(bytes), dtype, op.tuple(...shape.map(op.int)), op.text('C')),
  );
}

export const space = (name: string, state: Readonly<Record<string, number[]>>): Uint8Array =>
  pickle(op.object(op.global(`gymnasium.spaces.${name.replace(/(?<=.)(?=[A-Z])/g, '_').toLowerCase()}`, name), state));
export const box = (low: readonly number[], high: readonly number[]): Uint8Array =>
  space('Box', { low: array(low), high: array(high) });
export const discrete = (n: number): Uint8Array => space('Discrete', { n: op.int(n) });

export const serialized = (bytes: Uint8Array): unknown => ({
  ':type:': '<class>',
  ':serialized:': Buffer.from(bytes).toString('base64'),
});

const uniform = (shape: readonly number[]): TorchTensor => ({
  shape,
  values: Array.from(
    { length: shape.reduce((product, length) => product * length, 1) },
    (_, i) => ((i * 7) % 11) / 11 - 0.5,
  ),
});

/** PPO with three inputs, one hidden layer of four, and two choices. */
export const tensors: Readonly<Record<string, TorchTensor>> = {
  'mlp_extractor.policy_net.0.weight': uniform([4, 3]),
  'mlp_extractor.policy_net.0.bias': uniform([4]),
  'action_net.weight': uniform([2, 4]),
  'action_net.bias': uniform([2]),
};
/** SAC of the same widths, one action. */
export const sacTensors: Readonly<Record<string, TorchTensor>> = {
  'actor.latent_pi.0.weight': uniform([4, 3]),
  'actor.latent_pi.0.bias': uniform([4]),
  'actor.mu.weight': uniform([1, 4]),
  'actor.mu.bias': uniform([1]),
  'actor.log_std.weight': uniform([1, 4]),
  'actor.log_std.bias': uniform([1]),
};

export const data: Readonly<Record<string, unknown>> = {
  observation_space: serialized(box([-1, -1, -1], [1, 1, 1])),
  action_space: serialized(discrete(2)),
  policy_kwargs: {},
  use_sde: false,
};
export const sacData = { ...data, action_space: serialized(box([-1], [1])) };

export const encode = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

/** A whole zip, of sound check sums whatever is in it. */
export function sb3Zip(said: unknown = data, weights: Uint8Array = torchFile(tensors)): Uint8Array {
  return storedZip([
    ['data', encode(said)],
    ['policy.pth', weights],
    ['_stable_baselines3_version', encode('2.3.2')],
  ]);
}

/** A zip whose entry `name` is compressed and claims `length` bytes; the other one of the two is sound. */
export function deflatedEntry(name: string, packed: Uint8Array, length: number): Uint8Array {
  const other = name === 'data' ? 'policy.pth' : 'data';
  const bytes = storedZip([
    [name, packed],
    [other, other === 'data' ? encode(data) : torchFile(tensors)],
  ]);
  const view = new DataView(bytes.buffer);
  const directory = view.getUint32(bytes.length - 22 + 16, true);
  for (const [header, method, size] of [
    [0, 8, 22],
    [directory, 10, 24],
  ] as const) {
    view.setUint16(header + method, 8, true);
    view.setUint32(header + size, length >>> 0, true);
  }
  return bytes;
}
