import type { Objective } from '../../core/victim.ts';

/**
 * The action that the policy leans to, times the goal's side: bins `side · Σ_i softmax(z)_i · c_i`, continuous `side · mean`, of the
 * first action component. Unlike a margin it goes on growing up to the outermost action. Source: specs/attacks-and-defenses.md 2.3.
 */
export const lean: Objective = {
  name: 'lean',
  check() {},
  evaluate(head, logits, goal, rows, value, gradient) {
    const size = logits.length / rows;
    const sides = goal.side.length / rows;
    gradient.fill(0);
    for (let r = 0, at = 0; r < rows; r++, at += size) {
      const side = goal.side[r * sides]!;
      if (head.kind !== 'categorical') {
        value[r] = side * logits[at]!;
        gradient[at] = side;
        continue;
      }
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < size; i++) largest = Math.max(largest, logits[at + i]!);
      let total = 0;
      let sum = 0;
      for (let i = 0; i < size; i++) {
        const weight = Math.exp(logits[at + i]! - largest);
        total += weight;
        sum += weight * head.values[i]!;
      }
      const mean = sum / total;
      for (let i = 0; i < size; i++) {
        const share = Math.exp(logits[at + i]! - largest) / total;
        gradient[at + i] = side * share * (head.values[i]! - mean);
      }
      value[r] = side * mean;
    }
  },
};
