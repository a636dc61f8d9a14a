import { threatSet } from '../../attacks/ball/threat-set.ts';
import type { AttackContext, ThreatModel } from '../../core/attack.ts';
import type { Rng } from '../../core/rng.ts';
import type { Feature } from '../../core/space.ts';

/** A threat set in the box [0, 1], from its epsilons. */
export function threatOf(epsilon: ArrayLike<number>, low = 0, high = 1): ThreatModel {
  return {
    norm: 'linf',
    epsilon: Float32Array.from(epsilon),
    low: new Float32Array(epsilon.length).fill(low),
    high: new Float32Array(epsilon.length).fill(high),
  };
}

/** Features named f0, f1, … on the unit scale. */
export function plainFeatures(size: number): Feature[] {
  return Array.from({ length: size }, (_, j) => ({ name: `f${j}`, unit: '1', low: 0, high: 1 }));
}

/** What an engine tells an attack of one step on these rows [rows×O]. */
export function contextOf(x: Float32Array, threat: ThreatModel, rngs: readonly Rng[], step = 0): AttackContext {
  const size = threat.epsilon.length;
  const set = threatSet(threat);
  set.around(x, x.length / size, threat);
  return { step, rngs, threat, set, features: plainFeatures(size) };
}
