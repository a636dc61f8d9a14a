import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import { threatModel } from '../../../attacks/threat.ts';
import { rng } from '../../../core/rng.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { plainFeatures } from '../../support/threat.ts';

const size = 4;
const lanes = 3;
const steps = 12;
const victim = referenceVictim(randomNetwork(rng(1), [size, 5, 20]), heads.categorical);
const features = plainFeatures(size).map((feature, j) => (j === 1 ? { ...feature, low: -1, high: 3 } : feature));
const stream = rng(4);
/** [steps][lanes×O] */
const true_ = Array.from({ length: steps }, () => Float32Array.from({ length: lanes * size }, () => stream.uniform()));

/** What lane 1 sees over an episode, beside what is true of it. */
function shown(
  name: 'sensor-delay' | 'sensor-dropout' | 'sensor-replay',
  config: object,
  threat: object = { preset: 'unbounded' },
  restartAt = -1,
) {
  const attack = attacks[name].make(config);
  const engine = attackEngine({ attack, threat: threatModel(threat, features), victim, features });
  const rngs = Array.from({ length: lanes }, (_, lane) => rng(7).split(lane));
  return true_.map((x, t) => {
    if (t === restartAt) engine.reset(new Uint8Array(lanes).fill(1));
    const out = new Float32Array(x.length);
    engine.perturb(x, lanes, t, rngs, out);
    return [...out.subarray(size, 2 * size)];
  });
}
const clean = true_.map((x) => [...x.subarray(size, 2 * size)]);

describe('sensors that are slow, silent or replayed', () => {
  it('delay shows what was true k steps ago, of the same episode', () => {
    expect(shown('sensor-delay', { steps: 3 })).toEqual(clean.map((_, t) => clean[Math.max(0, t - 3)]));
    expect(shown('sensor-delay', { steps: 3 }, { preset: 'unbounded' }, 6)).toEqual(
      clean.map((_, t) => clean[t < 6 ? Math.max(0, t - 3) : Math.max(6, t - 3)]),
    );
  });

  it('replay shows the recorded window again and again', () => {
    expect(shown('sensor-replay', { window: 4, from: 2 })).toEqual(
      clean.map((_, t) => clean[t < 6 ? t : 2 + ((t - 2) % 4)]),
    );
  });

  it.each(['hold', 'zero', 'mean'] as const)('dropout with %s', (fill) => {
    const got = shown('sensor-dropout', { probability: 0.5, fill });
    const draws = rng(7).split(1);
    const last = [...clean[0]!];
    clean.forEach((now, t) => {
      now.forEach((value, j) => {
        const before = clean.slice(0, t).map((row) => row[j]!);
        const zero = j === 1 ? 0.25 : 0;
        const mean = before.length === 0 ? value : before.reduce((sum, v) => sum + v, 0) / before.length;
        if (draws.uniform() >= 0.5) last[j] = value;
        else if (fill !== 'hold') last[j] = fill === 'zero' ? zero : mean;
        expect(got[t]![j]).toBeCloseTo(last[j]!, 6);
      });
    });
    expect(shown('sensor-dropout', { probability: 0, fill })).toEqual(clean);
  });

  it('only of the sensors that the mask leaves it', () => {
    const got = shown('sensor-delay', { steps: 3 }, { preset: 'unbounded', mask: ['f2'] });
    expect(got.map((row) => row[2])).toEqual(clean.map((row) => row[2]));
    expect(got.map((row) => row[0])).toEqual(clean.map((_, t) => clean[Math.max(0, t - 3)]![0]));
  });
});
