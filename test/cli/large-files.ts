import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { writeSafetensors } from '../../nn/safetensors.ts';
import { box, data, deflatedEntry, encode, sb3Zip, serialized } from '../nn/import/sb3-file.ts';
import { node, text, value, varint, whole } from '../support/onnx-file.ts';
import { storedZip, torchPickle } from '../support/torch-file.ts';

/** A file of the largest size that is read; `expected` is what is said of it: a named error, or that it was written. */
export interface LargeFile {
  readonly what: string;
  /** Of `faultline import`, without `--out`. */
  readonly args: readonly string[];
  readonly expected: RegExp;
}

const width = 2048;
const inputs = 31;
/** Two hidden layers of 2048: 4.3 million weights. */
const network: Readonly<Record<string, readonly number[]>> = {
  '0.weight': [width, inputs],
  '0.bias': [width],
  '2.weight': [width, width],
  '2.bias': [width],
  '4.weight': [2, width],
  '4.bias': [2],
};
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** Weights that are any numbers; the last is NaN where `sound` is false. */
function weights(shape: readonly number[], sound: boolean): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = (((i * 7919) % 1000) - 500) / 20_000;
  if (!sound) values[values.length - 1] = Number.NaN;
  return values;
}

const bytesOf = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer);

/** A state dictionary whose tensor `damaged` ends in NaN. */
function torch(shapes: Readonly<Record<string, readonly number[]>>, damaged?: string): Uint8Array {
  const described = Object.entries(shapes).map(([name, shape]) => {
    // Of the values, the pickle says only how many there are.
    return [name, { shape, values: { length: sizeOf(shape) } as number[] }] as const;
  });
  return storedZip([
    ['net/data.pkl', torchPickle(Object.fromEntries(described), false)],
    ...Object.entries(shapes).map(
      ([name, shape], i) => [`net/data/${i}`, bytesOf(weights(shape, name !== damaged))] as const,
    ),
  ]);
}

/** A PPO with a Gaussian of tiny bounds, whose scales are folded into its last layer; a sound one with its optimiser beside it. */
function ppo(hidden: number, layers: number, actions: number, damaged?: string): Uint8Array {
  const actor = Array.from({ length: layers }, (_, l) => [`mlp_extractor.policy_net.${2 * l}.weight`, [hidden, l === 0 ? inputs : hidden]] as const);
  const critic = actor.map(([name, shape]) => [name.replace('policy', 'value'), shape] as const);
  const policy = torch(
    { ...Object.fromEntries([...actor, ...critic]), 'action_net.weight': [actions, hidden], log_std: [actions] },
    damaged,
  );
  const bounds = (count: number, bound: number): unknown =>
    serialized(box(Array<number>(count).fill(-bound), Array<number>(count).fill(bound)));
  const said = { ...data, observation_space: bounds(inputs, 1), action_space: bounds(actions, 1e-3) };
  return storedZip([
    ['data', encode(said)],
    ['policy.pth', policy],
    ...(damaged === undefined ? [['policy.optimizer.pth', new Uint8Array(2 * policy.length)] as const] : []),
  ]);
} // prettier-ignore

/** A message's field of bytes that are not in a list: `onnx-file.ts` would take eight times their room. */
function field(number: number, ...content: (Uint8Array | readonly number[])[]): Buffer {
  const whole = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(whole.length)]), whole]);
}

/** The network as PyTorch exports it: every Gemm transposes its weights. @param as raw_data (9) or float_data (4) */
function onnx(as: 9 | 4, sound: boolean): Uint8Array {
  const layers = [[width, inputs], [width, width], [2, width]] as const; // prettier-ignore
  const nodes = layers.flatMap((_, l) => [
    node({ operator: 'Gemm', inputs: [l === 0 ? 'x' : `r${l - 1}`, `w${l}`], output: l === 2 ? 'y' : `h${l}`, attributes: { transB: 1 } }),
    ...(l === 2 ? [] : [node({ operator: 'Relu', inputs: [`h${l}`], output: `r${l}` })]),
  ]); // prettier-ignore
  const tensors = layers.map((shape, l) =>
    field(
      5,
      field(1, shape.flatMap(varint)),
      whole(2, 1),
      text(8, `w${l}`),
      field(as, bytesOf(weights(shape, sound || l < 2))),
    ),
  );
  const graph = [
    ...nodes.map((one) => field(1, one)),
    ...tensors,
    field(11, value('x', ['n', inputs])),
    field(12, value('y', ['n', 2])),
  ];
  return Buffer.concat([Buffer.from(whole(1, 8)), field(7, ...graph), field(8, whole(2, 13))]);
}

function tfjs(folder: string, sound: boolean): string {
  const layers = [[inputs, width], [width, width], [width, 2]] as const; // prettier-ignore
  const described = layers.map(([, units], l) => ({
    class_name: 'Dense',
    config: {
      name: `d${l}`,
      units,
      activation: l < 2 ? 'relu' : 'linear',
      use_bias: false,
      ...(l === 0 ? { batch_input_shape: [null, inputs] } : {}),
    },
  }));
  const specs = layers.map((shape, l) => ({ name: `d${l}/kernel`, shape, dtype: 'float32' }));
  const all = Buffer.concat(layers.map((shape, l) => bytesOf(weights(shape, sound || l < 2))));
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.bin'), all.subarray(0, 4_000_001));
  writeFileSync(join(folder, 'b.bin'), all.subarray(4_000_001));
  writeFileSync(
    join(folder, 'model.json'),
    encode({
      format: 'layers-model',
      modelTopology: { class_name: 'Sequential', config: { layers: described } },
      weightsManifest: [{ paths: ['a.bin', 'b.bin'], weights: specs }],
    }),
  );
  return folder;
}

/** Writes the largest files of each family, those that are read and those that are not. */
export function largeFiles(folder: string): LargeFile[] {
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  /** Takes no room on the disk. */
  const hole = (name: string, length: number): string => {
    const opened = openSync(join(folder, name), 'w');
    ftruncateSync(opened, length);
    closeSync(opened);
    return join(folder, name);
  };
  const safetensors = (damaged?: string): Uint8Array =>
    writeSafetensors(
      new Map(Object.entries(network).map(([name, shape]) => [name, { shape, data: weights(shape, name !== damaged) }])),
    ); // prettier-ignore
  const bomb = (name: string, length: number): Uint8Array =>
    deflatedEntry(name, deflateRawSync(new Uint8Array(length)), length);
  const torchOptions = ['--activation', 'relu', '--head', 'categorical'];
  const head = ['--head', 'categorical'];
  const nan = /^DataError: .* is NaN, expected a finite one$/m;
  const written = /^wrote .*-2048-2048-/m;
  const shapes = (all: Readonly<Record<string, readonly number[]>>): Uint8Array =>
    writeSafetensors(
      new Map(Object.entries(all).map(([name, shape]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }])),
    );
  const most = {
    '0.weight': { shape: [2047, 2560], values: { length: 2047 * 2560 } as number[], storage: 'DoubleStorage' },
  };
  const doubles = storedZip([
    ['net/data.pkl', torchPickle(most, false)],
    ['net/data/0', new Uint8Array(8 * 2047 * 2560)],
  ]);
  const bounds = serialized(box(Array<number>(3000).fill(-1), Array<number>(3000).fill(1)));
  const td3 = storedZip([
    ['data', encode({ ...data, action_space: bounds })],
    ['policy.pth', torch({ 'actor.mu.0.weight': [8, 3], 'actor.mu.2.weight': [3000, 8] })],
  ]);
  const sound = file('sound.zip', sb3Zip());
  return [
    { what: 'PPO of 2048-2048 with its optimiser', args: [file('ppo.zip', ppo(width, 2, 2))], expected: written },
    { what: 'the same with a NaN at the end', args: [file('ppo-nan.zip', ppo(width, 2, 2, 'action_net.weight'))], expected: nan },
    { what: 'PPO with a Gaussian over eight million weights', args: [file('ppo-wide.zip', ppo(2800, 2, 4))], expected: /^DataError: .* has 7840000 numbers; the tensors that are read may have 5242880 together$/m },
    { what: 'a zip of 32 MiB of zeros for weights', args: [file('weights-bomb.zip', bomb('policy.pth', 2 ** 25))], expected: /^DataError: .*check sum|^DataError: .*would have/m },
    { what: 'a zip of 33 MiB of zeros for settings', args: [file('settings-bomb.zip', bomb('data', 33 * 2 ** 20))], expected: /^DataError: .*all entries may have 33554432/m },
    { what: 'a state dictionary of 2048-2048', args: [file('net.pth', torch(network)), ...torchOptions], expected: written },
    { what: 'the same with sigmoids', args: [join(folder, 'net.pth'), '--activation', 'sigmoid', ...head], expected: written },
    { what: 'the same with a NaN at the end of its largest layer', args: [file('nan.pth', torch(network, '2.weight')), ...torchOptions], expected: nan },
    { what: 'five million weights of float64', args: [file('double.pth', doubles), '--head', 'categorical'], expected: /^wrote .*2560-2047/m },
    { what: 'more features than a card may list', args: [file('wide.safetensors', shapes({ '0.weight': [32, 65_536], '2.weight': [65_536, 32] })), ...torchOptions], expected: /^PolicyFileError: .*expected at most 4096$/m },
    { what: 'TD3 whose actions make a layer of their own', args: [file('td3.zip', td3), '--head', 'deterministic'], expected: /^PolicyFileError: .*at most 5242880 are imported$/m },
    { what: 'a file of 256 MiB', args: [hole('zeros.pth', 2 ** 28), '--format', 'pytorch', ...torchOptions], expected: /^DataError: .*does not begin as a ZIP archive/m },
    { what: 'a file of 256 MiB and a byte', args: [hole('long.pth', 2 ** 28 + 1), ...torchOptions], expected: /^DataError: .*expected at most 268435456/m },
    { what: 'safetensors of 2048-2048', args: [file('net.safetensors', safetensors()), ...torchOptions], expected: written },
    { what: 'the same with a NaN at its end', args: [file('nan.safetensors', safetensors('2.weight')), ...torchOptions], expected: /^PolicyFileError: .*value 4194303 is NaN/m },
    { what: 'statistics of 256 MiB', args: [sound, '--vecnormalize', hole('vec.pkl', 2 ** 28)], expected: /^PolicyFileError: .*expected at most 8388608/m },
    { what: 'ONNX of 2048-2048', args: [file('net.onnx', onnx(9, true)), ...head], expected: written },
    { what: 'the same with lists of numbers', args: [file('listed.onnx', onnx(4, true)), ...head], expected: written },
    { what: 'the same with a NaN at its end', args: [file('nan.onnx', onnx(9, false)), ...head], expected: /^PolicyFileError: .*tensor 'w2': value 4095 is NaN/m },
    { what: 'ONNX of 256 MiB', args: [hole('long.onnx', 2 ** 28), ...head], expected: /^PolicyFileError: .*expected at most 25165824/m },
    { what: 'TensorFlow.js of 2048-2048', args: [tfjs(join(folder, 'tfjs'), true), ...head], expected: written },
    { what: 'the same with a NaN at its end', args: [tfjs(join(folder, 'tfjs-nan'), false), ...head], expected: /^PolicyFileError: .*'d2\/kernel': value 4095 is NaN/m },
  ]; // prettier-ignore
}
