import { z } from 'zod';
import { define } from './define.ts';

/** `x' = Π(x + U(−ε, ε))`, a new draw for every feature and step; one-sided: `U(0, ε)`. */
export const randomNoise = define(
  'Random noise',
  'The fair baseline of any budget; one-sided replicates eval_rand_attack of arXiv 2407.05182',
  z.strictObject({
    oneSided: z
      .boolean()
      .default(false)
      .meta({ title: 'One-sided', description: 'Draw from 0…ε only, as the paper’s code does.' }),
  }),
  ({ oneSided }) => {
    return {
      stage: 'observation',
      access: 'none',
      perturb(x, rows, _victim, context, out) {
        const { epsilon } = context.threat;
        for (let row = 0, i = 0; row < rows; row++) {
          const rng = context.rngs[row]!;
          for (let j = 0; j < epsilon.length; j++, i++) {
            const draw = rng.uniform();
            out[i] = x[i]! + epsilon[j]! * (oneSided ? draw : 2 * draw - 1);
          }
        }
        context.set.project(out);
      },
    };
  },
);
