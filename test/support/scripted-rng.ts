import { StateError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import type { Rng } from '../../core/rng.ts';

/** A generator whose normal numbers are given, in order; it draws nothing else. */
export function scriptedNormals(values: ArrayLike<number>): Rng {
  let at = 0;
  const refuse = (): never => {
    throw new StateError('scriptedNormals: only normal numbers are scripted');
  };
  return { state: rng(0).state, split: refuse, uniform: refuse, int: refuse, normal: () => values[at++]! };
}
