import { describe, expect, it } from 'vitest';
import { SharedSpread } from '../../../agents/actor-critic/spread.ts';
import type { Spread } from '../../../agents/actor-critic/spread.ts';
import { StateDependentSpread } from '../../../agents/actor-critic/state-dependent-spread.ts';
import { rng } from '../../../core/rng.ts';
import { centralDifference } from '../../support/central-difference.ts';

const rows = 7;
const latent = 4;
const actions = 2;
const draw = rng(5);
const phi = Float32Array.from({ length: rows * latent }, () => Math.tanh(draw.normal()));
const weight = Float64Array.from({ length: rows * actions }, () => draw.normal());

const sde = (options: object = {}, lanes = 3): StateDependentSpread =>
  new StateDependentSpread(lanes, latent, actions, { log_std_init: 0, full_std: true, use_expln: false, ...options });

const spreads: readonly (readonly [string, () => Spread])[] = [
  ['a shared deviation', () => new SharedSpread(3, actions, -0.3)],
  ['gSDE', () => sde()],
  ['gSDE with a deviation for each feature', () => sde({ full_std: false })],
  ['gSDE with expln', () => sde({ use_expln: true })],
];

describe.each(spreads)('%s', (_name, make) => {
  it('has the gradient of a loss in log s, in float64', () => {
    const spread = make();
    const { values, gradient } = spread.parameters;
    for (let i = 0; i < values.length; i++) values[i] = 1.5 * draw.normal();
    const deviation = new Float64Array(rows * actions);
    const loss = (): number => {
      spread.deviation(phi, rows, deviation);
      return deviation.reduce((sum, s, i) => sum + weight[i]! * Math.log(s), 0);
    };
    loss();
    spread.backward(phi, rows, deviation.slice(), weight);
    const analytic = gradient.slice();
    for (let i = 0; i < values.length; i++)
      expect(analytic[i]).toBeCloseTo(centralDifference(values, i, 1e-5, loss), 6);
  });

  it('makes noise of the deviation that it states', () => {
    const spread = make();
    const stream = rng(9);
    const lanes = 3;
    for (let i = 0; i < spread.parameters.values.length; i++) spread.parameters.values[i] = 0.2 * (i % 3) - 0.1;
    const deviation = new Float64Array(lanes * actions);
    spread.deviation(phi, lanes, deviation);
    const squares = new Float64Array(lanes * actions);
    const noise = new Float64Array(lanes * actions);
    const draws = 8000;
    for (let n = 0; n < draws; n++) {
      spread.renew(stream);
      spread.noise(phi, stream, noise);
      for (let i = 0; i < noise.length; i++) squares[i]! += noise[i]! ** 2 / draws;
    }
    for (let i = 0; i < noise.length; i++) expect(Math.sqrt(squares[i]!) / deviation[i]!).toBeCloseTo(1, 1);
  });
});

describe('gSDE', () => {
  it('answers one state alike until its noise is renewed, and each lane in its own way', () => {
    const spread = sde();
    const stream = rng(2);
    const same = Float32Array.from({ length: 3 * latent }, (_, i) => phi[i % latent]!);
    const noise = (): Float64Array => {
      const out = new Float64Array(3 * actions);
      spread.noise(same, stream, out);
      return out;
    };
    spread.renew(stream);
    const first = noise();
    expect(noise()).toEqual(first);
    expect(first[0]).not.toBe(first[actions]);
    spread.renew(stream);
    expect(noise()).not.toEqual(first);
  });

  it('states s² = Σ φ²σ² + 1e-6', () => {
    const spread = sde({ log_std_init: Math.log(0.5) });
    const out = new Float64Array(actions);
    spread.deviation(Float32Array.of(1, -0.5, 0, 0.25), 1, out);
    expect(out[0]).toBeCloseTo(Math.sqrt(0.25 * (1 + 0.25 + 0.0625) + 1e-6), 12);
    spread.deviation(new Float32Array(latent), 1, out);
    expect(out[1]).toBeCloseTo(1e-3, 12);
  });

  it('under expln grows with the logarithm above 0, and meets exp there', () => {
    const at = (value: number, use_expln: boolean): number => sde({ log_std_init: value, use_expln }).meanDeviation;
    expect(at(3, true)).toBeCloseTo(1 + Math.log(4), 12);
    expect(at(3, false)).toBeCloseTo(Math.exp(3), 12);
    expect(at(-1, true)).toBe(at(-1, false));
    expect(at(1e-9, true)).toBeCloseTo(at(1e-9, false), 12);
  });
});
