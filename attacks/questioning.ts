import type { AttackContext, ObservationAttack, VictimShape } from '../core/attack.ts';
import type { Head } from '../core/policy.ts';
import type { Question } from '../core/victim.ts';
import { answer } from './answer.ts';

/** A white-box attack from the questions it asks: of a victim that answers at once, or of one that is waited for. */
export function questioning(
  check: (head: Head) => void,
  questions: (
    x: Float32Array,
    rows: number,
    victim: VictimShape,
    context: AttackContext,
    out: Float32Array,
  ) => Generator<Question, void, void>,
): ObservationAttack<'gradient'> {
  return {
    stage: 'observation',
    access: 'gradient',
    check,
    perturb(x, rows, victim, context, out) {
      for (const question of questions(x, rows, victim, context, out)) answer(victim, question);
    },
    questions,
  };
}
