import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { wholeOf } from '../../../../core/byte-range.ts';
import { FaultlineError } from '../../../../core/errors.ts';
import { rng } from '../../../../core/rng.ts';
import { composePolicy } from '../../../../nn/import/compose.ts';
import { equivalence } from '../../../../nn/import/equivalence.ts';
import type { ImportOptions, ImportSource } from '../../../../nn/import/imported-model.ts';
import { importerFor } from '../../../../nn/import/index.ts';
import { tfjsLayers } from '../../../../nn/import/tfjs/tfjs-layers.ts';
import { loadPolicy } from '../../../../nn/policy.ts';
import { cpuMilliseconds } from '../../../support/cpu-time.ts';
import { files, hostileChanges, saved } from './saved-model.ts';
import type { Saved } from './saved-model.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Our policy's outputs on observations. */
function outputs(source: ImportSource, options: ImportOptions, observations: number[][]): number[][] {
  const model = tfjsLayers.read(source, options);
  const { files } = composePolicy(model, { name: 'tfjs', reads: 'normalised' });
  using policy = loadPolicy(files.card, files.weights, 'tfjs');
  expect(equivalence(policy, model, 'normalised', { observations }).maximumDifference).toBeLessThan(1e-5);
  const out = new Float32Array(observations.length * policy.network.outputs);
  policy.network.forward(Float32Array.from(observations.flat()), observations.length, out);
  return observations.map((_, row) => [
    ...out.subarray(row * policy.network.outputs, (row + 1) * policy.network.outputs),
  ]);
}

const observations = Array.from({ length: 7 }, (_, row) =>
  Array.from({ length: 6 }, (_, i) => Math.sin(row * 5 + i * 3)),
);
const units = (count: number, activation?: string, more = {}): tf.layers.Layer =>
  tf.layers.dense({
    units: count,
    ...(activation === undefined ? {} : { activation: activation as 'relu' }),
    biasInitializer: 'randomNormal',
    ...more,
  });

const near = (got: number[][], expected: number[][]): void =>
  expected.forEach((row, r) => row.forEach((value, k) => expect(Math.abs(got[r]![k]! - value)).toBeLessThan(1e-5)));

describe('models saved by TensorFlow.js', () => {
  it('a sequential model: activations, dropout, flatten; logits as it has them before the softmax', async () => {
    const logits = units(4);
    const body = [
      tf.layers.flatten({ inputShape: [2, 3] }),
      units(9, 'relu'),
      tf.layers.dropout({ rate: 0.3 }),
      units(8, 'sigmoid'),
      units(7, 'elu', { useBias: false }),
      tf.layers.activation({ activation: 'tanh' }),
      logits,
    ];
    const whole = tf.sequential({ layers: [...body, tf.layers.softmax()] });
    const bare = tf.sequential({ layers: body });
    const got = outputs(files(await saved(whole)), {}, observations);
    const expected = (bare.predict(tf.tensor(observations).reshape([7, 2, 3])) as tf.Tensor).arraySync() as number[][];
    near(got, expected);
  });

  it('a functional model that is a chain, its order in the file another one', async () => {
    const input = tf.input({ shape: [6] });
    const mean = units(2, 'tanh').apply(units(5, 'swish').apply(input)) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: mean });
    const kept = await saved(model);
    const config = kept.modelTopology['config'] as { layers: unknown[] };
    config.layers.reverse();
    const source = files(kept);
    const imported = tfjsLayers.read(source, {});
    expect(imported.head).toEqual({ kind: 'squashed-gaussian', low: [-1, -1], high: [1, 1] });
    const got = outputs(source, {}, observations);
    const expected = (model.predict(tf.tensor(observations)) as tf.Tensor).arraySync() as number[][];
    near(
      got.map((row) => row.slice(0, 2).map(Math.tanh)),
      expected,
    );
  });

  it('statistics in front and a scale behind are the normaliser and the bounds', async () => {
    const kept = await saved(tf.sequential({ layers: [units(3, 'relu', { inputShape: [6] }), units(1, 'tanh')] }));
    const config = (kept.modelTopology['config'] as { layers: object[] }).layers;
    config.unshift({
      class_name: 'Normalization',
      config: {
        name: 'norm',
        batch_input_shape: [null, 6],
        axis: [-1],
        mean: [[1, 2, 3, 4, 5, 6]],
        variance: [[4, 4, 4, 4, 4, 0.25]],
      },
    });
    config.push({ class_name: 'Rescaling', config: { name: 'stretch', scale: 3, offset: -1 } });
    const imported = tfjsLayers.read(files(kept), {});
    expect(imported.normaliser).toMatchObject({ mean: [1, 2, 3, 4, 5, 6], variance: [4, 4, 4, 4, 4, 0.25] });
    expect(imported.head).toEqual({ kind: 'squashed-gaussian', low: [-4], high: [2] });
  });

  it('quantised weights are unpacked: q·scale + min, and float16', async () => {
    const kept = await saved(tf.sequential({ layers: [units(2, undefined, { inputShape: [6] })] }));
    const [kernel, bias] = kept.weightSpecs;
    const quantised: Saved = {
      modelTopology: kept.modelTopology,
      weightSpecs: [
        { ...kernel!, quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
        { ...bias!, quantization: { dtype: 'float16', original_dtype: 'float32' } },
      ],
      weightData: Uint8Array.from([...Array.from({ length: 12 }, (_, i) => i), 0x00, 0x3c, 0x00, 0xc0]),
    };
    const [layer] = tfjsLayers.read(files(quantised), { head: 'categorical' }).layers;
    expect(Array.from({ length: 12 }, (_, at) => layer!.weight(at >> 1, at % 2))).toEqual(
      Array.from({ length: 12 }, (_, i) => i / 2 - 1),
    );
    expect([...layer!.bias]).toEqual([1, -2]);
  });

  it('is found out by what the file holds', async () => {
    const source = files(await saved(tf.sequential({ layers: [units(2, 'relu', { inputShape: [6] })] })));
    expect(importerFor(source)[0]).toBe('tfjs');
  });
});

describe('hostile TensorFlow.js models', () => {
  let kept: Saved;
  beforeAll(async () => {
    kept = await saved(tf.sequential({ layers: [units(3, 'relu', { inputShape: [6] }), units(2, 'softmax')] }));
  });
  const changed = (change: (copy: Saved) => void): ImportSource => {
    const copy = structuredClone(kept);
    change(copy);
    return files(copy);
  };
  const refused = (source: ImportSource): string => {
    const started = process.cpuUsage();
    try {
      tfjsLayers.read(source, {});
    } catch (error) {
      expect(error).toBeInstanceOf(FaultlineError);
      expect(cpuMilliseconds(started)).toBeLessThan(1000);
      return (error as Error).message;
    }
    return 'read';
  };
  const json = (text: string): ImportSource => ({ ...files(kept), bytes: new TextEncoder().encode(text) });

  it.each(hostileChanges)('%s', (_, change, expected) => {
    expect(refused(changed(change))).toMatch(expected);
  });

  it('a shard that is not there, or leads elsewhere', () => {
    expect(refused({ ...files(kept), companion: () => undefined })).toMatch(/'group1-shard1of2.bin' are not beside it/);
  });

  it('a shard that is named a thousand times', () => {
    const source = changed((copy) => (copy.weightData = new Uint8Array(2 ** 20)));
    const paths = Array<string>(1000).fill('group1-shard1of2.bin');
    const described = JSON.parse(new TextDecoder().decode(wholeOf(source.bytes))) as {
      weightsManifest: { paths: string[] }[];
    };
    described.weightsManifest[0]!.paths = paths;
    expect(refused({ ...source, bytes: new TextEncoder().encode(JSON.stringify(described)) })).toMatch(
      /make it more than 20971520 bytes/,
    );
  });

  it('a functional model that reads itself', () => {
    const model = {
      class_name: 'Functional',
      config: {
        layers: [{ class_name: 'Dense', name: 'a', config: { name: 'a' }, inbound_nodes: [[['a', 0, 0, {}]]] }],
        output_layers: [['a', 0, 0]],
      },
    };
    expect(refused(changed((copy) => Object.assign(copy.modelTopology, model)))).toMatch(/'a' reads its own output/);
  });

  it('text that is no model', () => {
    expect(refused(json('{'))).toMatch(/is not JSON/);
    expect(refused(json('[]'))).toMatch(/modelTopology|expected/);
    expect(refused(json('{"format":"graph-model"}'))).toMatch(/graph model, expected a layers model/);
    expect(refused(json('['.repeat(200_000)))).toMatch(/is not JSON/);
    expect(refused(json(`{"weightsManifest":${'['.repeat(50_000)}${']'.repeat(50_000)},"modelTopology":1}`))).not.toBe(
      'read',
    );
  });

  it('bytes changed at random are read as something, or refused by name', () => {
    const draw = rng(3);
    const whole = files(kept);
    const sound = wholeOf(whole.bytes);
    for (let round = 0; round < 150; round++) {
      const bytes = sound.slice();
      for (let k = draw.int(3); k >= 0; k--) bytes[draw.int(bytes.length)] = 32 + draw.int(95);
      expect(() => refused({ ...whole, bytes })).not.toThrow();
      expect(() => refused({ ...whole, bytes: sound.slice(0, draw.int(bytes.length)) })).not.toThrow();
    }
  });
});
