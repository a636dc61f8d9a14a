import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { actionCertificate } from '../../../defenses/certificate/index.ts';
import type { Head, LayerSpec } from '../../../core/policy.ts';
import { headActions, headOutputs } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { decodeAction } from '../../../nn/victim.ts';
import { affineLayers } from '../../../defenses/certificate/affine.ts';
import { boundedNetwork } from '../../../defenses/certificate/crown.ts';
import { newLines, relax } from '../../../defenses/certificate/relaxation.ts';

const heads: Record<string, Head> = {
  bins: { kind: 'categorical', values: [-0.8, -0.4, 0, 0.3, 0.8] },
  squashed: { kind: 'squashed-gaussian', low: [-0.8], high: [0.8] },
  'two batteries': { kind: 'deterministic', low: [-1, -0.2], high: [1, 0.6] },
};

function layersOf(activation: 'relu' | 'tanh', outputs: number): readonly LayerSpec[] {
  return [
    { inputs: 6, outputs: 16, activation },
    { inputs: 16, outputs: 12, activation },
    { inputs: 12, outputs, activation: 'linear' },
  ];
}

/** A random network, a box, and the certified and the seen ends of the actions in it. */
function measured(activation: 'relu' | 'tanh', head: Head, seed: number, method: 'interval' | 'crown') {
  const stream = rng(seed);
  const layers = layersOf(activation, headOutputs(head));
  using network = createNetwork(layers);
  const gain = 0.5 + 2 * stream.uniform();
  const parameters = Float32Array.from({ length: network.size }, () => (gain * stream.normal()) / Math.sqrt(12));
  network.writeParameters(parameters);
  const radius = 0.5 * stream.uniform() ** 2;
  const center = Float32Array.from({ length: 6 }, () => stream.uniform());
  const low = center.map((value) => value - radius);
  const high = center.map((value) => value + radius);
  const actions = headActions(head);
  const lowest = new Float64Array(actions);
  const highest = new Float64Array(actions);
  actionCertificate({ layers, head }, parameters, method).bounds(low, high, 1, lowest, highest);
  const rows = 400;
  // Corners and points inside, half and half.
  const x = Float32Array.from({ length: rows * 6 }, (_, i) => {
    const share = i < rows * 3 ? stream.uniform() : stream.int(2);
    const value = Math.fround(low[i % 6]! + share * (high[i % 6]! - low[i % 6]!));
    return Math.min(high[i % 6]!, Math.max(low[i % 6]!, value));
  });
  const logits = new Float32Array(rows * network.outputs);
  const action = new Float64Array(rows * actions);
  network.forward(x, rows, logits);
  decodeAction(head, logits, rows, action);
  const seen = Array.from({ length: actions }, (_, a) => {
    const own = action.filter((_value, i) => i % actions === a);
    return { low: Math.min(...own), high: Math.max(...own) };
  });
  return { lowest, highest, seen };
}

describe.each(Object.entries(heads))('a certificate of %s', (_name, head) => {
  it.each([
    ['relu', 'interval'],
    ['relu', 'crown'],
    ['tanh', 'interval'],
    ['tanh', 'crown'],
  ] as const)('holds wherever in the box one looks: %s, %s', (activation, method) => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seed) => {
        const { lowest, highest, seen } = measured(activation, head, seed, method);
        seen.forEach(({ low, high }, a) => {
          expect(low).toBeGreaterThanOrEqual(lowest[a]!);
          expect(high).toBeLessThanOrEqual(highest[a]!);
        });
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it.each(['relu', 'tanh'] as const)(
    'is never looser by CROWN than by intervals, and mostly tighter: %s',
    (activation) => {
      let tighter = 0;
      for (let seed = 0; seed < 40; seed++) {
        const wide = measured(activation, head, seed, 'interval');
        const tight = measured(activation, head, seed, 'crown');
        wide.lowest.forEach((low, a) => {
          expect(tight.lowest[a]! - low).toBeGreaterThan(-1e-5);
          expect(wide.highest[a]! - tight.highest[a]!).toBeGreaterThan(-1e-5);
        });
        if (tight.highest[0]! - tight.lowest[0]! < wide.highest[0]! - wide.lowest[0]! - 1e-4) tighter++;
      }
      expect(tighter).toBeGreaterThan(10);
    },
  );
});

it('the ends of bins are those that comparing all pairs gives, in any order of their values', () => {
  const values = [0.3, -0.8, 0.8, -0.4, 0, 0.5];
  const head: Head = { kind: 'categorical', values };
  const specs = layersOf('tanh', values.length);
  const counts: number[] = [];
  for (let seed = 0; seed < 60; seed++) {
    const stream = rng(seed);
    const size = specs.reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);
    const parameters = Float32Array.from({ length: size }, () => 0.5 * stream.normal());
    const radius = 0.3 * stream.uniform() ** 2;
    const center = Float32Array.from({ length: 6 }, () => stream.uniform());
    const [low, high] = [center.map((value) => value - radius), center.map((value) => value + radius)];
    const [lowest, highest] = [new Float64Array(1), new Float64Array(1)];
    actionCertificate({ layers: specs, head }, parameters).bounds(low, high, 1, lowest, highest);
    const network = boundedNetwork(affineLayers(specs, parameters), {
      low: Float64Array.from(low),
      high: Float64Array.from(high),
    });
    const possible = values.filter((_, i) =>
      values.every((_value, j) => {
        const row = Float64Array.from(values, (_v, k) => (k === i ? 1 : k === j ? -1 : 0));
        return i === j || network.upper(row) >= 0;
      }),
    );
    expect([lowest[0], highest[0]]).toEqual([Math.min(...possible), Math.max(...possible)]);
    counts.push(possible.length);
  }
  expect(new Set(counts).size).toBeGreaterThan(3); // from one bin to all of them
});

describe('the lines of a relaxation', () => {
  it.each(['relu', 'tanh'] as const)('lie below and above %s', (activation) => {
    const value = activation === 'tanh' ? Math.tanh : (h: number) => Math.max(0, h);
    const number = fc.double({ min: -6, max: 6, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
        const [l, u] = [Math.min(a, b), Math.max(a, b)];
        const lines = newLines(2);
        relax(activation, l, u, lines, 1);
        const { lowSlope, lowOffset, highSlope, highOffset } = lines;
        const h = l + share * (u - l);
        expect(lowSlope[1]! * h + lowOffset[1]!).toBeLessThanOrEqual(value(h) + 1e-9);
        expect(highSlope[1]! * h + highOffset[1]!).toBeGreaterThanOrEqual(value(h) - 1e-9);
        expect([lowSlope[0], highOffset[0]]).toEqual([0, 0]);
      }),
      { numRuns: 2000, seed: 3 },
    );
  });
});
