/** Step sizes over the iterations of a search. */
export interface StepSchedule {
  /** Whether `at` is a multiple of each feature's epsilon or a number in normalised units, the same for all features. */
  readonly unit: 'epsilon' | 'normalised';
  /** The step of iteration `k` of `steps`. */
  at(k: number, steps: number): number;
}

/** The same step in normalised units, whatever a feature's epsilon. */
export function constant(size: number): StepSchedule {
  return { unit: 'normalised', at: () => size };
}

/** `factor · ε / steps` per feature: a feature with a tiny epsilon is searched as finely as one with a large one. */
export function relative(factor: number): StepSchedule {
  return { unit: 'epsilon', at: (_k, steps) => factor / steps };
}

/** `factor · ε · (1 + cos(πk/steps)) / 2` per feature: from factor·ε down towards 0. */
export function cosine(factor: number): StepSchedule {
  return { unit: 'epsilon', at: (k, steps) => (factor * (1 + Math.cos((Math.PI * k) / steps))) / 2 };
}

/**
 * The paper's myPGD: `size`, multiplied by `decay` after every iteration k with k mod (steps / divisions) = 0, k = 0 included;
 * for 100 steps and 4 divisions: 0.01 once, 0.005 for 1–25, 0.0025 for 26–50, … Source: myPGD.ipynb of arXiv 2407.05182.
 */
export function halving(size: number, decay = 0.5, divisions = 4): StepSchedule {
  return {
    unit: 'normalised',
    at(k, steps) {
      const block = Math.max(1, Math.floor(steps / divisions));
      return size * decay ** (k === 0 ? 0 : Math.floor((k - 1) / block) + 1);
    },
  };
}
