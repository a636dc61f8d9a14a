import type { GradientAccess } from '../../core/victim.ts';
import type { Kernel } from '../../sim/lockstep-env.ts';
import { threatOf } from './threat.ts';
import { toyThreat } from './toy-optimum.ts';
import { toyKernel, toyPlant, toyDay } from './toy-plant.ts';

/**
 * The toy day with 28 features more that a linear controller reads: pairs that show the same and weigh against each other, so that it does as
 * without them. Nine tenths of the attacker's reach are through them and the reach is that of the toy day, so its optimum is too; the best
 * perturbation is known, `δ_j = ± sign(w_j)`, to whichever side the optimum goes at the hour.
 */
const extra = 28;
const size = 3 + extra;
const own = [-0.5, -0.9, 0.15];
const most = toyPlant(...toyDay()).high;
const kept = 0.1;
const epsilon = [...toyThreat.epsilon.map((value) => kept * value), ...Array.from({ length: extra }, () => 0.05)];
const reach = own.reduce((sum, weight, j) => sum + Math.abs(weight) * toyThreat.epsilon[j]!, 0);
const share = ((1 - kept) * reach) / (0.05 * extra);
const weights = [...own, ...Array.from({ length: extra }, (_, k) => (k % 2 === 0 ? share : -share))];
const head = { kind: 'deterministic', low: [-most], high: [most] } as const;

const mean = (x: Float32Array, row: number): number => {
  let sum = 0.5;
  for (let j = 0; j < size; j++) sum += weights[j]! * x[size * row + j]!;
  return sum;
};

/** The controller, in loops: it is asked hundreds of thousands of times. */
export const wideVictim: GradientAccess = {
  head,
  observationSize: size,
  actionSize: 1,
  logitsSize: 1,
  decide(x, rows, action) {
    for (let row = 0; row < rows; row++) action[row] = Math.min(most, Math.max(-most, mean(x, row)));
  },
  logits(x, rows, out) {
    for (let row = 0; row < rows; row++) out[row] = mean(x, row);
  },
  valueAndGradient({ objective, goal }, x, rows, value, gradient) {
    const z = new Float32Array(rows);
    const slope = new Float32Array(rows);
    wideVictim.logits(x, rows, z);
    objective.evaluate(head, z, goal, rows, value, slope);
    for (let row = 0; row < rows; row++)
      for (let j = 0; j < size; j++) gradient[size * row + j] = slope[row]! * weights[j]!;
  },
};

export const wideThreat = threatOf(epsilon, -10, 10);

/** Days of it, as an environment that pays minus what is taken from the grid. */
export function wideKernel(): Kernel {
  const day = toyKernel();
  return {
    ...day,
    features: [
      ...day.features,
      ...Array.from({ length: extra }, (_, k) => ({ name: `other ${k}`, unit: '1', low: 0, high: 1 })),
    ],
    observe(state, out) {
      day.observe(state, out);
      for (let k = 0; k < extra; k++) {
        const pair = k >> 1;
        out[3 + k] = 0.5 + 0.3 * Math.sin((2 * Math.PI * (state[0]! % 24) * (1 + (pair % 3))) / 24 + pair);
      }
    },
  };
}
