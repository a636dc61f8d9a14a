import type { Rng } from '../../core/rng.ts';
import { readWeights } from '../../sim/data/weight-file.ts';
import { torchFile, torchPickle } from './torch-file.ts';
import type { TorchTensor } from './torch-file.ts';
import { encode, ofFile, pick, setSpot, splice } from './folder-mutation.ts';
import type { Mutation } from './folder-mutation.ts';

type Tensors = Record<string, TorchTensor>;

/** A weight file written anew with sound check sums; one that cannot be read is left alone. */
const ofTensors = (what: string, change: (tensors: Tensors, draw: Rng) => Uint8Array | null): Mutation =>
  ofFile(
    what,
    (bytes, draw) => {
      let state;
      try {
        state = readWeights(bytes, 'weights');
      } catch {
        return null;
      }
      const entries = [...state].map(([name, { shape, data }]) => [name, { shape, values: [...data] }] as const);
      return change(Object.fromEntries(entries), draw);
    },
    '.pth',
  );

const anyTensor = (tensors: Tensors, draw: Rng): string => pick(Object.keys(tensors), draw);
const strangeWeights = [Number.NaN, Infinity, 1e38, -1e38, 1e300, 0, 1e-45];

const tensorMutations: readonly Mutation[] = [
  ofTensors('a strange weight', (tensors, draw) => {
    const name = anyTensor(tensors, draw);
    const { shape, values } = tensors[name]!;
    tensors[name] = { shape, values: values.with(draw.int(values.length), pick(strangeWeights, draw)) };
    return torchFile(tensors);
  }),
  ofTensors('all weights of a tensor the same', (tensors, draw) => {
    const name = anyTensor(tensors, draw);
    const { shape, values } = tensors[name]!;
    tensors[name] = { shape, values: values.map(() => 0).fill(pick(strangeWeights.slice(2), draw)) };
    return torchFile(tensors);
  }),
  ofTensors('a tensor less', (tensors, draw) => {
    Reflect.deleteProperty(tensors, anyTensor(tensors, draw));
    return torchFile(tensors);
  }),
  ofTensors('a tensor renamed', (tensors, draw) => {
    const name = anyTensor(tensors, draw);
    const moved = tensors[name]!;
    Reflect.deleteProperty(tensors, name);
    tensors[pick(['__proto__x', 'constructor', `${name}x`, ''], draw)] = moved;
    return torchFile(tensors);
  }),
  ofTensors('a tensor of another shape', (tensors, draw) => {
    const name = anyTensor(tensors, draw);
    const { shape, values } = tensors[name]!;
    const other = pick([shape.toReversed(), [values.length], [...shape, 1], [], [0], [values.length + 1], [1e9, 1e9]], draw); // prettier-ignore
    tensors[name] = { shape: other, values };
    return torchFile(tensors);
  }),
  ofTensors('other strides', (tensors, draw) => {
    const name = anyTensor(tensors, draw);
    const { shape, values } = tensors[name]!;
    tensors[name] = { shape, values, strides: shape.map(() => pick([0, 1, 1e9], draw)), offset: draw.int(3) };
    return torchFile(tensors);
  }),
  ofTensors('other storages', (tensors, draw) => {
    const storage = pick(['DoubleStorage', 'HalfStorage', 'LongStorage', 'NoSuchStorage'], draw);
    for (const [name, tensor] of Object.entries(tensors)) tensors[name] = { ...tensor, storage };
    return torchFile(tensors);
  }),
  ofTensors('no `model_state_dict`', (tensors) => torchFile(tensors, torchPickle(tensors, false))),
  ofTensors('another byte in its pickle', (tensors, draw) => {
    const pickle = torchPickle(tensors).slice();
    pickle[draw.int(pickle.length)] = draw.int(256);
    return torchFile(tensors, pickle);
  }),
  ofTensors('a pickle cut off', (tensors, draw) => {
    const pickle = torchPickle(tensors);
    return torchFile(tensors, pickle.slice(0, draw.int(pickle.length)));
  }),
];

/** Weight files and what the schema says of them. */
export const weightMutations: readonly Mutation[] = [
  ...tensorMutations,
  ofFile(
    'a flipped bit',
    (bytes, draw, name, files) => {
      const at = draw.int(bytes.length);
      const changed = bytes.slice();
      changed[at] = changed[at]! ^ (1 << draw.int(8));
      files.set(name, changed);
      return `a bit flipped in byte ${at}`;
    },
    '.pth',
  ),
  ofFile('cut off', (bytes, draw) => bytes.slice(0, draw.int(bytes.length)), '.pth'),
  ofFile('a swollen tail', (bytes) => splice(bytes, bytes.length, 0, new Uint8Array(64)), '.pth'),
  ofFile('a text', () => encode('month,hour\n1,1\n'), '.pth'),
  setSpot(
    ({ key }) => ['hidden_size', 'num_layers', 'lookback', 'input_size'].includes(key),
    (draw, old) => pick([0, 1, 2, 5, 64, 99_999, 1e9, (old as number) + 1], draw),
  ),
  setSpot(
    ({ path }) => /\/input_normalization_m\w+\/\d+$/.test(path),
    (draw) => pick([0, 1, 15, 30, 40, -1e9, 1e308, null, 1e-300], draw),
  ),
  setSpot(
    ({ path }) => /\/input_observation_names\/\d+$/.test(path),
    (draw) => pick(['constructor', 'hour_sin', 'net_electricity_consumption', 'cooling_demand', 'x', '', 5], draw),
  ),
];
