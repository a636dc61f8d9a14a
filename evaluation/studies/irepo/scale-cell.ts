import { rng } from '../../../core/rng.ts';
import { align, irepo } from '../../../logits/preference/align.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { bandit } from './bandit.ts';
import type { BanditDifficulty } from './bandit.ts';
import { optimum, worth } from './bandit-measure.ts';

export interface ScaleSize {
  readonly difficulty: BanditDifficulty;
  readonly annotators: number;
  readonly batch: number;
  readonly rates: readonly number[];
  readonly stops: readonly number[];
}

/** J on the test contexts after one iteration, at the rate and length that the validation contexts chose for each loss. */
export interface ScaleFigures {
  readonly optimum: number;
  readonly irepo: number;
  readonly softDpo: number;
}

/** Squared and soft cross-entropy loss on one problem, on the same pairs, with as many trials. */
export async function scaleCell(
  tf: Tensorflow,
  seed: number,
  { difficulty, annotators, batch, rates, stops }: ScaleSize,
  progress: (done: number) => void,
): Promise<ScaleFigures> {
  const random = rng(seed).split('irepo scale');
  using problem = await bandit(tf, difficulty, random.split('problem'));
  const { utility, noise, lapse } = { ...problem, ...difficulty };
  const panel = [
    {
      utilities: (x: Float32Array, ys: readonly Parameters<typeof utility>[1][]) => ys.map((y) => utility(x, y)),
      noise,
      lapse,
    },
  ];
  const best = async (objective: 'irepo' | 'soft-dpo', before: number): Promise<number> => {
    let chosen = { validation: -Infinity, j: Number.NaN };
    for (const [trial, learningRate] of rates.entries()) {
      using policy = problem.reference.copy();
      const steps = Math.max(...stops);
      const options = { ...irepo, objective, annotators, batch, learningRate, steps, iterations: 1 };
      await align(
        tf,
        policy,
        { prompts: problem.train, panel },
        { ...options, beta: difficulty.beta },
        random.split('align'),
        {
          step: (_iteration, step) => {
            progress((before + (trial + step / steps) / rates.length) / 2);
            if (!stops.includes(step)) return;
            const validation = worth(problem, policy, problem.validation).j;
            if (validation > chosen.validation) chosen = { validation, j: worth(problem, policy, problem.test).j };
          },
        },
      );
    }
    return chosen.j;
  };
  return {
    optimum: optimum(problem, problem.test),
    irepo: await best('irepo', 0),
    softDpo: await best('soft-dpo', 1),
  };
}
