import { encode, ofFile, pick, setSpot, splice } from './folder-mutation.ts';
import type { Mutation } from './folder-mutation.ts';

/** Weight files and what the schema says of them. */
export const weightMutations: readonly Mutation[] = [
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
    (draw) => pick([0, 1, 40, -1e9, 1e308, null, 1e-300], draw),
  ),
  setSpot(
    ({ path }) => /\/input_observation_names\/\d+$/.test(path),
    (draw) => pick(['constructor', 'hour_sin', 'net_electricity_consumption', 'cooling_demand', 'x', '', 5], draw),
  ),
];
