import { describe, expect, it } from 'vitest';
import { shiftEffect } from '../../../attacks/rl/shift-effect.ts';
import { headOutputs } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { threatOf } from '../../support/threat.ts';

const size = 5;
const rows = 3;
const threat = threatOf([0.05, 0, 0.1, 0.2, 0]); // two features are masked: three numbers a choice
const x = Float32Array.from({ length: rows * size }, (_, i) => 0.5 + 0.2 * Math.sin(3 * i));
const delta = Float32Array.from({ length: rows * 3 }, (_, i) => 0.6 * Math.cos(5 * i));

describe.each(['gaussian', 'squashed-gaussian', 'deterministic', 'categorical'] as const)(
  'the effect of a shift on a %s head',
  (kind) => {
    const head = heads[kind];
    const victim = referenceVictim(randomNetwork(rng(2), [size, 6, headOutputs(head)], 0.5), head);
    const decide = victim.decide.bind(victim);
    const effect = shiftEffect(victim, threat, 2);
    const numbers = effect.size;
    const [low, high] =
      head.kind === 'categorical' ? [[Math.min(...head.values)], [Math.max(...head.values)]] : [head.low, head.high];

    /** What is shown for a choice, by hand. */
    const shownOf = (choice: ArrayLike<number>): Float32Array => {
      const shown = x.slice();
      for (let r = 0; r < rows; r++)
        [0, 2, 3].forEach((j, c) => (shown[r * size + j]! += threat.epsilon[j]! * choice[r * 3 + c]!));
      return shown;
    };

    it('is what the victim does, on −1 … 1', () => {
      const action = new Float64Array(rows * numbers);
      decide(shownOf(delta), rows, action);
      const out = new Float32Array(rows * numbers);
      effect.of(x, delta, rows, out);
      out.forEach((value, i) => {
        const b = i % numbers;
        expect(value).toBeCloseTo((2 * (action[i]! - low[b]!)) / (high[b]! - low[b]!) - 1, 5);
      });
      effect.took(Float64Array.from({ length: 2 * numbers }, (_, i) => (i < numbers ? low : high)[i % numbers]!));
      expect([...effect.last]).toEqual(Array.from({ length: 2 * numbers }, (_, i) => (i < numbers ? -1 : 1)));
    });

    it('has the slope of its differences; on bins of the mean over the softmax', () => {
      const weights = Float32Array.from({ length: rows * numbers }, (_, i) => 1 + Math.sin(i));
      const value = (choice: Float64Array): number => {
        const logits = new Float32Array(rows * victim.logitsSize);
        const action = new Float64Array(rows * numbers);
        victim.logits(shownOf(choice), rows, logits);
        if (head.kind === 'categorical')
          for (let r = 0; r < rows; r++) {
            const z = [...logits.subarray(r * 20, r * 20 + 20)].map(Math.exp);
            action[r] = z.reduce((sum, w, i) => sum + w * head.values[i]!, 0) / z.reduce((sum, w) => sum + w, 0);
          }
        else decide(shownOf(choice), rows, action);
        return action.reduce((sum, a, i) => {
          const b = i % numbers;
          return sum + weights[i]! * ((2 * (a - low[b]!)) / (high[b]! - low[b]!) - 1);
        }, 0);
      };
      const slope = new Float32Array(delta.length);
      effect.backward(x, delta, rows, weights, slope);
      slope.forEach((own, i) => {
        const moved = (by: number): number => value(Float64Array.from(delta, (d, k) => d + (k === i ? by : 0)));
        expect(own).toBeCloseTo((moved(0.02) - moved(-0.02)) / 0.04, 3);
      });
    });
  },
);
