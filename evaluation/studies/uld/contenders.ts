/** A state of an unlearner that could be chosen. */
export interface Contender<State> {
  /** Its hyperparameters. */
  readonly setting: string;
  readonly epoch: number;
  readonly state: State;
  readonly glance: Glance;
}

/** What a contender shows before one is chosen. */
export interface Glance {
  /**
   * p of the test whether truth ratios on the forget facts, in the validation phrasing, are those of the target on facts about assets that do
   * not exist: what anybody can ask who has no retrained model.
   */
  readonly unfamiliar: number;
  /** Accuracy and probability on validation facts. */
  readonly kept: number;
  readonly keptProbability: number;
  /** The forget quality of the test, against the retrained model: nobody who unlearns has it. */
  readonly forgetQuality: number;
}

/** Above this the forget facts cannot be told from unknown ones. */
const level = 0.05;

/**
 * Whether a is to be chosen before b by what anybody can measure: of those whose forget facts look unknown, the one that keeps most (the
 * accuracy on validation facts, of equals their probability); where none does, the one that comes nearest.
 */
export function byValidation(a: Glance, b: Glance): boolean {
  const [p, q] = [Math.min(a.unfamiliar, level), Math.min(b.unfamiliar, level)];
  if (p !== q) return p > q;
  return a.kept === b.kept ? a.keptProbability > b.keptProbability : a.kept > b.kept;
}

/** The paper's choice, which needs the retrained model: the highest forget quality; of equals the better by validation. */
export function byOracle(a: Glance, b: Glance): boolean {
  return a.forgetQuality === b.forgetQuality ? byValidation(a, b) : a.forgetQuality > b.forgetQuality;
}

/** Keeps the best of what it is offered. */
export class Best<State> {
  #best: Contender<State> | undefined;
  readonly #better: (a: Glance, b: Glance) => boolean;

  constructor(better: (a: Glance, b: Glance) => boolean) {
    this.#better = better;
  }

  /** @param state made only where it is the best so far */
  offer(setting: string, epoch: number, glance: Glance, state: () => State): void {
    if (this.#best === undefined || this.#better(glance, this.#best.glance))
      this.#best = { setting, epoch, glance, state: state() };
  }

  get best(): Contender<State> | undefined {
    return this.#best;
  }
}
