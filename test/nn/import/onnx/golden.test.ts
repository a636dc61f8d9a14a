import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Activation, Head } from '../../../../core/policy.ts';
import { composePolicy } from '../../../../nn/import/compose.ts';
import { equivalence } from '../../../../nn/import/equivalence.ts';
import type { ImportOptions } from '../../../../nn/import/imported-model.ts';
import { evaluateGraph } from '../../../../nn/import/onnx/evaluate.ts';
import { readOnnxModel } from '../../../../nn/import/onnx/model.ts';
import { onnxFile } from '../../../../nn/import/onnx/onnx-file.ts';
import { loadPolicy } from '../../../../nn/policy.ts';

const folder = join(import.meta.dirname, '../../../golden/import/onnx');

/** What PyTorch computed: the head's raw inputs, and what the graph puts out. */
interface Recorded {
  readonly observations: readonly number[][];
  readonly raw: readonly number[][];
  readonly graph: readonly (number | number[])[];
}

interface Expected {
  readonly options?: ImportOptions;
  readonly head: Head['kind'];
  readonly layers: readonly (readonly [number, Activation])[];
  readonly clip?: number;
  readonly bounds?: readonly (readonly [number, number])[];
}

const categorical = { head: 'categorical' } as const;
const gaussian = { head: 'gaussian', low: [0, 0], high: [1, 1] } as const;

const cases: Readonly<Record<string, Expected>> = {
  'linear-single': { options: categorical, head: 'categorical', layers: [[2, 'linear']] },
  'tanh-clipped-normaliser': {
    options: gaussian,
    head: 'gaussian',
    layers: [
      [12, 'tanh'],
      [9, 'tanh'],
      [4, 'linear'],
    ],
    clip: 10,
  },
  'tanh-far-normaliser': {
    options: gaussian,
    head: 'gaussian',
    layers: [
      [12, 'tanh'],
      [9, 'tanh'],
      [4, 'linear'],
    ],
    clip: 3.4e38,
  },
  'sb3-categorical': {
    head: 'categorical',
    layers: [
      [16, 'tanh'],
      [6, 'linear'],
    ],
  },
  'sac-squashed': {
    head: 'squashed-gaussian',
    layers: [
      [10, 'relu'],
      [10, 'relu'],
      [6, 'linear'],
    ],
    bounds: [
      [-2, 2],
      [0, 2],
      [-0.75, 0.25],
    ],
  },
  'dqn-duelling': {
    options: categorical,
    head: 'categorical',
    layers: [
      [19, 'relu'], // both streams, 8 and 11
      [5, 'linear'],
    ],
  },
  'silu-elu-softmax': {
    head: 'categorical',
    layers: [
      [13, 'silu'],
      [7, 'elu'],
      [4, 'linear'],
    ],
  },
  'sigmoid-sigmoid': {
    head: 'squashed-gaussian',
    layers: [
      [20, 'tanh'],
      [20, 'tanh'],
      [4, 'linear'],
    ],
    bounds: [
      [0.25, 1.75],
      [0.25, 1.75],
    ],
  },
  'limited-slices': {
    head: 'deterministic',
    layers: [
      [9, 'tanh'],
      [1, 'linear'],
    ],
    clip: 3.4e38,
    bounds: [[Math.fround(-0.3), Math.fround(0.7)]],
  },
  'two-tanh-heads': {
    head: 'squashed-gaussian',
    layers: [
      [6, 'relu'],
      [6, 'linear'],
    ],
    bounds: [
      [-1, 1],
      [-1, 1],
      [-1, 1],
    ],
  },
  unbatched: {
    options: categorical,
    head: 'categorical',
    layers: [
      [5, 'tanh'],
      [3, 'linear'],
    ],
  },
  'fixed-batch': {
    head: 'categorical',
    layers: [
      [7, 'relu'],
      [4, 'linear'],
    ],
  },
  'relu-wide': {
    options: categorical,
    head: 'categorical',
    layers: [
      [33, 'relu'],
      [17, 'relu'],
      [20, 'linear'],
    ],
  },
};

describe('graphs exported by PyTorch', () => {
  it('every file of the folder is here', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
    expect(files.map((name) => name.replace('.onnx', '')).sort()).toEqual(Object.keys(cases).sort());
  });

  it.each(Object.entries(cases))('%s: layers and head are what the graph is, and outputs agree', (name, expected) => {
    const bytes = readFileSync(join(folder, `${name}.onnx`));
    const recorded = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Recorded;
    const source = { name: `${name}.onnx`, bytes, companion: () => undefined, inflate: () => bytes };
    const model = onnxFile.read(source, expected.options ?? {});
    expect(model.layers.map((layer) => [layer.outputs, layer.activation])).toEqual(expected.layers);
    expect(model.head.kind).toBe(expected.head);
    expect(model.normaliser?.clip).toBe(expected.clip);
    if (expected.bounds !== undefined && model.head.kind !== 'categorical') {
      const { low, high } = model.head;
      low.forEach((bound, a) => {
        expect(bound).toBeCloseTo(expected.bounds![a]![0], 12);
        expect(high[a]).toBeCloseTo(expected.bounds![a]![1], 12);
      });
    }

    // As written: float32 weights on our kernel, against PyTorch and against the graph in float64.
    const { files } = composePolicy(model, { name, reads: 'normalised' });
    using policy = loadPolicy(files.card, files.weights, name);
    const rows = recorded.observations.length;
    const outputs = new Float32Array(rows * policy.network.outputs);
    policy.network.forward(Float32Array.from(recorded.observations.flat()), rows, outputs);
    recorded.raw.forEach((row, r) =>
      row.forEach((value, k) => {
        expect(Math.abs(outputs[r * policy.network.outputs + k]! - value)).toBeLessThan(1e-5);
      }),
    );
    const { maximumDifference } = equivalence(policy, model, 'normalised', { observations: recorded.observations });
    expect(maximumDifference).toBeLessThan(1e-5);
  });

  it.each(Object.keys(cases))('%s: evaluated operator by operator', (name) => {
    const graph = readOnnxModel(readFileSync(join(folder, `${name}.onnx`)), name);
    const { observations, graph: expected } = JSON.parse(
      readFileSync(join(folder, `${name}.json`), 'utf8'),
    ) as Recorded;
    const got = evaluateGraph(graph, graph.outputs[0]!.name, observations.flat(), observations.length);
    const wanted = expected.flat();
    expect(got.length).toBe(wanted.length);
    // PyTorch takes a deviation's root in float32 before the graph is written.
    wanted.forEach((value, i) => expect(Math.abs(got[i]! - value)).toBeLessThan(1e-7));
  });

  it('a mean that is large beside its deviation costs no digits', () => {
    const bytes = readFileSync(join(folder, 'tanh-far-normaliser.onnx'));
    const source = { name: 'far', bytes, companion: () => undefined, inflate: () => bytes };
    const { normaliser } = onnxFile.read(source, gaussian);
    expect(Math.max(...normaliser!.mean)).toBeCloseTo(200, 4);
  });
});
