import type { ObservationAttack } from '../core/attack.ts';
import type { BoundObjective, DifferentiableScore, Goal, GradientAccess, Objective } from '../core/victim.ts';

/**
 * An attack on a victim and a score together: maximises `objective − weight · score(x')`, a detector's score for an attack that wants to
 * stay unseen. Whatever search `make` chooses: to it the score is one output more of the victim, and the objective reads it there. The
 * victim has to answer at once, as the score does.
 * @param score read whenever the attack asks, so that it may be learnt before, and anew
 */
export function jointly(
  make: (objective: Objective) => ObservationAttack<'gradient'>,
  objective: Objective,
  score: () => DifferentiableScore,
  weight: number,
): ObservationAttack<'gradient'> {
  const attack = make(lessScore(objective, weight));
  // Asked for anew each time: what is learnt again is another score.
  const present: DifferentiableScore = {
    name: 'score',
    evaluate: (...asked) => score().evaluate(...asked),
  };
  const known = new WeakMap<GradientAccess, GradientAccess>();
  return {
    stage: 'observation',
    access: 'gradient',
    ...(attack.policies === undefined ? {} : { policies: attack.policies }),
    ...(attack.prepare === undefined ? {} : { prepare: (rehearsal) => attack.prepare!(rehearsal) }),
    check: (head) => attack.check?.(head),
    notes: (head) => attack.notes?.(head) ?? [],
    perturb(x, rows, victim, context, out) {
      let both = known.get(victim);
      if (both === undefined) {
        both = withScore(victim, present);
        known.set(victim, both);
      }
      attack.perturb(x, rows, both, context, out);
    },
  };
}

/** `objective(z) − weight · s` over outputs `z ‖ s` of K + 1 numbers. */
export function lessScore(objective: Objective, weight: number): Objective {
  const narrow = narrowing();
  return {
    name: `${objective.name} less a score`,
    check(head) {
      objective.check(head);
    },
    notes: (head) => objective.notes?.(head) ?? [],
    evaluate(head, logits, goal, rows, value, gradient) {
      const wide = logits.length / rows;
      const { z, clean, slope } = narrow(rows, wide - 1);
      copyOutputs(logits, wide, z, rows);
      copyOutputs(goal.clean, wide, clean, rows);
      objective.evaluate(head, z, { ...goal, clean }, rows, value, slope);
      for (let r = 0; r < rows; r++) {
        const last = (r + 1) * wide - 1;
        for (let i = 0; i < wide - 1; i++) gradient[r * wide + i] = slope[r * (wide - 1) + i]!;
        gradient[last] = -weight;
        value[r]! -= weight * logits[last]!;
      }
    },
  };
}

/** A victim whose outputs are its logits and then a score of what it is shown. */
export function withScore(victim: GradientAccess, score: DifferentiableScore): GradientAccess {
  const outputs = victim.logitsSize;
  const wide = outputs + 1;
  const narrow = narrowing();
  let scores = new Float32Array(0);
  let slopes = scores; // d score / d x
  let wideLogits = scores;
  let wideSlope = scores;
  let ofScore = scores; // d objective / d score

  const reserve = (rows: number): void => {
    if (scores.length === rows) return;
    scores = new Float32Array(rows);
    ofScore = new Float32Array(rows);
    slopes = new Float32Array(rows * victim.observationSize);
    wideLogits = new Float32Array(rows * wide);
    wideSlope = new Float32Array(rows * wide);
  };
  const widen = (logits: Float32Array, rows: number, to: Float32Array): void => {
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < outputs; i++) to[r * wide + i] = logits[r * outputs + i]!;
      to[r * wide + outputs] = scores[r]!;
    }
  };

  let asked: BoundObjective | undefined;
  /** The objective over logits alone, the score being known; notes what its slope by the score is. */
  const alone: Objective = {
    name: 'of the logits',
    check() {},
    evaluate(head, logits, goal: Goal, rows, value, gradient) {
      widen(logits, rows, wideLogits);
      wideSlope.fill(0);
      asked!.objective.evaluate(head, wideLogits, goal, rows, value, wideSlope);
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < outputs; i++) gradient[r * outputs + i] = wideSlope[r * wide + i]!;
        ofScore[r] = wideSlope[r * wide + outputs]!;
      }
    },
  };

  return {
    head: victim.head,
    observationSize: victim.observationSize,
    actionSize: victim.actionSize,
    logitsSize: wide,
    decide(x, rows, action, of) {
      victim.decide(x, rows, action, of);
    },
    logits(x, rows, out, of) {
      reserve(rows);
      const { z } = narrow(rows, outputs);
      victim.logits(x, rows, z, of);
      score.evaluate(x, rows, scores, slopes, of);
      widen(z, rows, out);
    },
    valueAndGradient(bound, x, rows, value, gradient, of) {
      reserve(rows);
      score.evaluate(x, rows, scores, slopes, of);
      asked = bound;
      victim.valueAndGradient({ objective: alone, goal: bound.goal }, x, rows, value, gradient, of);
      const size = victim.observationSize;
      for (let r = 0; r < rows; r++)
        for (let i = r * size; i < (r + 1) * size; i++) gradient[i]! += ofScore[r]! * slopes[i]!;
    },
  };
}

interface Narrow {
  readonly z: Float32Array;
  readonly clean: Float32Array;
  readonly slope: Float32Array;
}

/** Arrays of exactly [rows×K], made anew when the batch changes shape. */
function narrowing(): (rows: number, outputs: number) => Narrow {
  let held: Narrow | undefined;
  return (rows, outputs) => {
    if (held?.z.length !== rows * outputs) {
      const make = (): Float32Array => new Float32Array(rows * outputs);
      held = { z: make(), clean: make(), slope: make() };
    }
    return held;
  };
}

/** All outputs but the last of each row. */
function copyOutputs(from: Float32Array, wide: number, to: Float32Array, rows: number): void {
  for (let r = 0; r < rows; r++) for (let i = 0; i < wide - 1; i++) to[r * (wide - 1) + i] = from[r * wide + i]!;
}
