import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import { align, irepo } from '../../../logits/preference/align.ts';
import type { Alignment } from '../../../logits/preference/align.ts';
import type { Annotator } from '../../../logits/preference/annotator.ts';
import { winMatrix } from '../../../logits/preference/annotator.ts';
import type { Decisions } from '../../../logits/preference/decision-policy.ts';
import type { LineFit } from '../../../logits/preference/line-fit.ts';
import { RewardModel } from '../../../logits/preference/reward-model.ts';
import type { Vote } from '../../../logits/preference/reward-model.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { bandit } from './bandit.ts';
import type { Bandit, BanditDifficulty } from './bandit.ts';
import { optimum, rewardFit, worth } from './bandit-measure.ts';
import type { Worth } from './bandit-measure.ts';
import { methods } from './methods.ts';
import type { MethodName } from './methods.ts';

/** What a policy is worth after an iteration, on the test contexts. */
export type Result = Worth & LineFit;

/** A way to go through all iterations, at the setting that is fixed beforehand. */
export interface Course {
  readonly name: string;
  readonly options: Partial<Alignment>;
  /** Annotators are a reward model that learned from single votes. */
  readonly learned?: boolean;
}

/** Hyperparameters that are tried in the first iteration: all methods have as many trials, and validation chooses. */
export interface TrialGrid {
  readonly rates: readonly number[];
  /** Training stops after as many steps. */
  readonly stops: readonly number[];
  /** β of the loss, in units of the problem's. */
  readonly betas: readonly number[];
}

export interface BanditSize {
  readonly courses: readonly Course[];
  readonly grid: TrialGrid;
}

export interface Chosen {
  readonly method: MethodName;
  /** Whether the loss could have a β of its own, or has the problem's. */
  readonly ownBeta: boolean;
  readonly rate: number;
  readonly stop: number;
  readonly beta: number;
  readonly result: Result;
}

export interface BanditFigures {
  /** J* */
  readonly optimum: number;
  readonly reference: Worth;
  readonly courses: readonly { readonly name: string; readonly iterations: readonly Result[] }[];
  readonly chosen: readonly Chosen[];
}

/** One problem: every course through its iterations, and every method with the hyperparameters that its validation contexts chose. */
export async function banditCell(
  tf: Tensorflow,
  seed: number,
  difficulty: BanditDifficulty,
  { courses, grid }: BanditSize,
  progress: (done: number) => void,
): Promise<BanditFigures> {
  const random = rng(seed).split('irepo bandit');
  using problem = await bandit(tf, difficulty, random.split('problem'));
  const drawn = await problem.reference.sample(problem.test, 2, random.split('pairs'));
  const pairs = drawn.map(([a, b]) => [a!.actions[0]!, b!.actions[0]!] as const);
  const judge = (policy: Bandit['reference'], beta: number): Result => ({
    ...worth(problem, policy, problem.test),
    ...rewardFit(problem, policy, problem.test, pairs, beta),
  });
  const panel = [annotatorOf(problem)];
  const total = courses.length + methods.length * grid.rates.length * grid.betas.length;
  let done = 0;
  const walked: { name: string; iterations: Result[] }[] = [];
  for (const { name, options, learned } of courses) {
    using policy = problem.reference.copy();
    using reward = learned === true ? await learnedAnnotator(tf, problem, random.split('reward model')) : null;
    const iterations: Result[] = [];
    await align(
      tf,
      policy,
      { prompts: problem.train, panel: reward === null ? panel : [reward] },
      { ...irepo, beta: difficulty.beta, ...options },
      random.split('align'),
      { iteration: () => void iterations.push(judge(policy, difficulty.beta)) },
    );
    walked.push({ name, iterations });
    progress(++done / total);
  }
  const chosen: Chosen[] = [];
  for (const method of methods) {
    const trials: (Chosen & { readonly validation: number })[] = [];
    for (const rate of grid.rates)
      for (const factor of grid.betas) {
        using policy = problem.reference.copy();
        const beta = factor * difficulty.beta;
        const options = { ...irepo, objective: method, iterations: 1, steps: Math.max(...grid.stops) };
        await align(
          tf,
          policy,
          { prompts: problem.train, panel },
          { ...options, beta, learningRate: rate },
          random.split('align'),
          {
            step: (_iteration, stop) => {
              if (!grid.stops.includes(stop)) return;
              const validation = worth(problem, policy, problem.validation).j;
              trials.push({
                method,
                ownBeta: factor !== 1,
                rate,
                stop,
                beta: factor,
                validation,
                result: judge(policy, beta),
              });
            },
          },
        );
        progress(++done / total);
      }
    const best = (among: typeof trials, ownBeta: boolean): Chosen => {
      const { validation: _, ...winner } = among.reduce((a, b) => (b.validation > a.validation ? b : a));
      return { ...winner, ownBeta };
    };
    chosen.push(
      best(
        trials.filter(({ ownBeta }) => !ownBeta),
        false,
      ),
    );
    if (grid.betas.length > 1) chosen.push(best(trials, true));
  }
  return {
    optimum: optimum(problem, problem.test),
    reference: worth(problem, problem.reference, problem.test),
    courses: walked,
    chosen,
  };
}

function annotatorOf({ utility, difficulty: { noise, lapse } }: Bandit): Annotator<Float32Array, Decisions> {
  return { utilities: (x, responses) => responses.map((y) => utility(x, y)), noise, lapse };
}

/** A reward model of one vote on each pair of four responses of the reference: what one annotator would have labelled. */
async function learnedAnnotator(
  tf: Tensorflow,
  problem: Bandit,
  random: Rng,
): Promise<RewardModel<Float32Array, Decisions>> {
  const { train, reference, difficulty } = problem;
  const sampled = await reference.sample(train, irepo.responses, random.split('responses'));
  const votes = sampled.flatMap((responses, n) => {
    const x = train[n]!;
    const wins = winMatrix([annotatorOf(problem)], x, responses, 1, random.split('votes').split(n));
    return wins.flatMap((row, i) =>
      row.flatMap((won, j): Vote<Float32Array, Decisions>[] =>
        won > 0 ? [{ x, preferred: responses[i]!, other: responses[j]! }] : [],
      ),
    );
  });
  const features = (x: Float32Array, { actions }: Decisions): Float32Array => {
    const row = new Float32Array(x.length + difficulty.actions);
    row.set(x);
    row[x.length + actions[0]!] = 1;
    return row;
  };
  return RewardModel.fit(tf, votes, features, random.split('training'));
}
