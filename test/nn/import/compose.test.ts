import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, PolicyFileError } from '../../../core/errors.ts';
import type { Normaliser } from '../../../core/policy.ts';
import { composePolicy } from '../../../nn/import/compose.ts';
import { evaluateLayers, sourceActivations, weightsOf } from '../../../nn/import/dense.ts';
import { equivalence } from '../../../nn/import/equivalence.ts';
import type { ImportedLayer, ImportedModel, SourceActivation } from '../../../nn/import/imported-model.ts';
import { normalise, withNormaliser } from '../../../nn/import/normalise.ts';
import { loadPolicy } from '../../../nn/policy.ts';
import type { Policy } from '../../../nn/policy.ts';

const activations = Object.keys(sourceActivations) as SourceActivation[];

/** Layers of the given widths with weights of unit gain, drawn from a seed by an LCG: any fixed numbers will do. */
function someLayers(widths: readonly number[], hidden: SourceActivation, last: SourceActivation): ImportedLayer[] {
  let state = widths.reduce((sum, width) => sum * 31 + width, 7);
  const draw = (): number => (state = (state * 48271) % 2147483647) / 1073741823.5 - 1;
  return widths.slice(1).map((outputs, l) => {
    const inputs = widths[l]!;
    return {
      inputs,
      outputs,
      activation: l === widths.length - 2 ? last : hidden,
      weight: weightsOf(
        Float32Array.from({ length: inputs * outputs }, () => draw() / Math.sqrt(inputs)),
        outputs,
      ),
      bias: Float32Array.from({ length: outputs }, draw),
    };
  });
}

function model(layers: readonly ImportedLayer[], normaliser?: Normaliser): ImportedModel {
  const outputs = layers.at(-1)!.outputs;
  const bare: ImportedModel = {
    origin: 'test',
    layers,
    head: { kind: 'categorical', values: Array.from({ length: outputs }, (_, k) => k) },
    evaluate: (x) => evaluateLayers(layers, x),
    notes: [],
  };
  return normaliser === undefined ? bare : withNormaliser(bare, normaliser, 'normalised');
}

const load = (files: { card: string; weights: Uint8Array }): Policy => loadPolicy(files.card, files.weights, 'test');
const target = { name: 'test', reads: 'normalised', normalisation: 'fixed' } as const;
const observations = (rows: number, size: number, low = 0, span = 1): number[][] =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: size }, (_, i) => low + span * ((row * 7 + i * 3 + 1) % 11) * 0.09),
  );

describe('composePolicy', () => {
  it('agrees with the source for every activation, a sigmoid anywhere', () => {
    const activation = fc.constantFrom(...activations);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }),
        activation,
        activation,
        (widths, hidden, last) => {
          const source = model(someLayers(widths, hidden, last));
          using policy = load(composePolicy(source, target).files);
          const { maximumDifference, against } = equivalence(policy, source, 'normalised', {
            observations: observations(5, widths[0]!),
          });
          expect(against).toEqual(['evaluation']);
          expect(maximumDifference).toBeLessThan(2e-6);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('reads physical values through statistics, with a feature that never changes', () => {
    const features = [
      { name: 'temperature', unit: '°C', low: -10, high: 40 },
      { name: 'constant', unit: '1', low: 3, high: 3 },
      { name: 'load', unit: 'kWh', low: 0, high: 2000 },
    ];
    const layers = someLayers([3, 6, 4], 'tanh', 'linear');
    const statistics = { mean: [12, 2.9, 800], variance: [30, 0.01, 9e4], epsilon: 1e-8, clip: 3 };
    const rows = observations(11, 3).map((row) =>
      row.map((x, i) => features[i]!.low + x * (features[i]!.high - features[i]!.low)),
    );
    const bounded = { ...model(layers, statistics) };
    using policy = load(composePolicy(bounded, { ...target, observation: features, reads: 'physical' }).files);
    const found = equivalence(policy, bounded, 'physical', { observations: rows });
    expect(found.maximumDifference).toBeLessThan(2e-6);
    // The statistics clip on some rows and not on all: otherwise the test says little.
    const clipped = rows.map((row) => normalise(statistics, Float64Array.from(row)).some((z) => Math.abs(z) === 3));
    expect(new Set(clipped).size).toBe(2);

    const bare = model(someLayers([3, 6, 4], 'relu', 'linear'));
    using plain = load(composePolicy(bare, { ...target, observation: features, reads: 'physical' }).files);
    // Outputs are of the order of a thousand here.
    const relative = equivalence(plain, bare, 'physical', { observations: rows }).maximumDifference / 1000;
    expect(relative).toBeLessThan(1e-6);
  });

  it('refuses what does not fit, by name', () => {
    const source = model(someLayers([3, 4], 'tanh', 'linear'));
    const feature = { name: 'a', unit: '', low: 0, high: 1 };
    expect(() => composePolicy(source, { ...target, observation: [feature] })).toThrow(/reads 3 features.*1/);
    expect(() => composePolicy(source, { ...target, action: [feature, feature] })).toThrow(/1 action components.*2/);
    expect(() => composePolicy(source, { ...target, reads: 'physical' })).toThrow(PolicyFileError);
    const huge = someLayers([1, 2], 'tanh', 'linear').map((layer) => ({ ...layer, bias: Float64Array.of(1e300, 0) }));
    expect(() => composePolicy(model(huge), target)).toThrow(/not finite as a float32/);
    expect(() => withNormaliser(source, { mean: [0], variance: [1], epsilon: 0, clip: 1 }, '')).toThrow(
      /1 features.*3/,
    );
  });
});

describe('equivalence', () => {
  const source = model(someLayers([2, 4, 3], 'tanh', 'linear'));
  const rows = observations(4, 2);
  const outputs = rows.map((row) => [...source.evaluate(Float64Array.from(row))]);
  const { files } = composePolicy(source, target);

  it('finds the row and the output that differ most', () => {
    using policy = load(files);
    const wrong = outputs.map((row) => [...row]);
    wrong[2]![1]! += 0.25;
    const found = equivalence(policy, source, 'normalised', { observations: rows, outputs: wrong });
    expect(found.maximumDifference).toBeCloseTo(0.25, 5);
    expect(found.where).toMatch(/^row 2, output 1/);
    wrong[0]![0] = Number.NaN;
    expect(
      equivalence(policy, source, 'normalised', { observations: rows, outputs: wrong }).maximumDifference,
    ).toBeNaN();
  });

  it('compares choices with the actions of the source', () => {
    using policy = load(files);
    const actions = outputs.map((row) => [row.indexOf(Math.max(...row))]);
    const found = equivalence(policy, source, 'normalised', { observations: rows, actions });
    expect(found).toMatchObject({ against: ['actions'], maximumDifference: 0, rows: 4 });
    actions[1] = [(actions[1]![0]! + 1) % 3];
    expect(
      equivalence(policy, source, 'normalised', { observations: rows, actions }).maximumDifference,
    ).toBeGreaterThan(0);
  });

  it('refuses rows of another length, and none at all', () => {
    using policy = load(files);
    expect(() => equivalence(policy, source, 'normalised', { observations: [] })).toThrow(ConfigError);
    expect(() => equivalence(policy, source, 'normalised', { observations: [[1]] })).toThrow(/row 0 has 1 numbers/);
    expect(() => equivalence(policy, source, 'normalised', { observations: rows, outputs: [[1, 2, 3]] })).toThrow(
      /1 rows/,
    );
  });
});
