import * as tf from '@tensorflow/tfjs';
import type { ImportSource } from '../../../../nn/import/imported-model.ts';

/** What TensorFlow.js hands to whoever saves a model. */
export interface Saved {
  readonly modelTopology: { [key: string]: unknown };
  readonly weightSpecs: { name: string; shape: number[]; dtype: string; quantization?: object }[];
  weightData: Uint8Array;
}

/** A model as TensorFlow.js itself saves it. */
export async function saved(model: tf.LayersModel): Promise<Saved> {
  let kept: Saved | undefined;
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      kept = {
        modelTopology: artifacts.modelTopology as Saved['modelTopology'],
        weightSpecs: artifacts.weightSpecs as Saved['weightSpecs'],
        weightData: new Uint8Array(artifacts.weightData as ArrayBuffer),
      };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  return kept!;
}

/** The files of a saved model, its weights in two shards. */
export function files({ modelTopology, weightSpecs, weightData }: Saved, cut = weightData.length >> 1): ImportSource {
  const json = {
    format: 'layers-model',
    modelTopology,
    weightsManifest: [{ paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'], weights: weightSpecs }],
  };
  const shards: Record<string, Uint8Array> = {
    'group1-shard1of2.bin': weightData.slice(0, cut),
    'group1-shard2of2.bin': weightData.slice(cut),
  };
  return {
    name: 'model.json',
    bytes: new TextEncoder().encode(JSON.stringify(json)),
    companion: (name) => shards[name],
    inflate: (bytes) => bytes,
  };
}

const layersOf = (of: Saved): { class_name: string; config: Record<string, unknown> }[] =>
  (of.modelTopology['config'] as { layers: { class_name: string; config: Record<string, unknown> }[] }).layers;

/** What makes a sound model of two dense layers a hostile one, and what is said of it. */
export const hostileChanges: readonly (readonly [string, (copy: Saved) => void, RegExp])[] = [
  [
    'another layer',
    (copy) => (layersOf(copy)[1]!.class_name = 'LSTM'),
    /layer 'dense_\w+' \(LSTM\): a layer that cannot be imported; expected InputLayer, Dense/,
  ],
  ['code in a layer', (copy) => (layersOf(copy)[1]!.class_name = 'Lambda'), /\(Lambda\)/],
  [
    'another activation',
    (copy) => (layersOf(copy)[0]!.config['activation'] = 'hardSigmoid'),
    /activation 'hardsigmoid', expected linear, relu/,
  ],
  [
    'an activation called like a property',
    (copy) => (layersOf(copy)[0]!.config['activation'] = 'constructor'),
    /activation 'constructor'/,
  ],
  ['no weights', (copy) => copy.weightSpecs.splice(0), /hold 116 bytes, expected 0/],
  ['a shape of 2^24 by 2^24', (copy) => (copy.weightSpecs[0]!.shape = [2 ** 24, 2 ** 24]), /more than 5242880 weights/],
  ['a shape of 2^60', (copy) => (copy.weightSpecs[0]!.shape = [2 ** 60]), /shape/],
  ['a negative shape', (copy) => (copy.weightSpecs[0]!.shape = [-6, -3]), /shape/],
  ['weights of text', (copy) => (copy.weightSpecs[0]!.dtype = 'string'), /type string, expected float32/],
  [
    'fewer bytes than it says',
    (copy) => (copy.weightSpecs[0]!.shape = [6, 30]),
    /needs 720 bytes, the shards hold 116 more/,
  ],
  [
    'weights that are not numbers',
    (copy) => new DataView(copy.weightData.buffer).setFloat32(4, NaN, true),
    /value 1 is NaN/,
  ],
  [
    'a model of another kind',
    (copy) => (copy.modelTopology['class_name'] = 'Pickle'),
    /class 'Pickle', expected Sequential/,
  ],
  ['widths that do not meet', (copy) => (copy.weightSpecs[0]!.shape = [3, 6]), /rows of \[6\] times \[3, 6\]/],
  [
    'an input of 2^40',
    (copy) => (layersOf(copy)[0]!.config['batch_input_shape'] = [null, 2 ** 40]),
    /1 to 65536 features/,
  ],
];
