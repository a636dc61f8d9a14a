import type { AsyncGradientAccess, GradientAccess, Question } from '../core/victim.ts';

/** Has a victim answer a question into the question's arrays: at once, or by the time its promise is kept. */
export function answer(victim: AsyncGradientAccess, question: Question): Promise<void>;
export function answer(victim: GradientAccess, question: Question): void;
export function answer(victim: GradientAccess | AsyncGradientAccess, question: Question): void | Promise<void> {
  const { x, rows, of } = question;
  if (question.kind === 'logits') return victim.logits(x, rows, question.out, of);
  return victim.valueAndGradient(question.objective, x, rows, question.value, question.gradient, of);
}
