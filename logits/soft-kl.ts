import type { Floats } from './row.ts';

/**
 * `T² KL(softmax(t/T) ‖ softmax(s/T))` of one row; returns the value and writes its gradient by s, `T (softmax(s/T) − softmax(t/T))`.
 *
 * Source: Hinton, Vinyals and Dean (2015), "Distilling the Knowledge in a Neural Network".
 * @param student s [·] row at `at…at+size`  @param teacher t, at the same place  @param gradient same place; may not alias either
 */
export function softKL(
  student: Floats,
  teacher: Floats,
  at: number,
  size: number,
  temperature: number,
  gradient: Floats,
): number {
  const end = at + size;
  let [maxS, maxT] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = at; i < end; i++) {
    maxS = Math.max(maxS, student[i]!);
    maxT = Math.max(maxT, teacher[i]!);
  }
  let [sumS, sumT, cross] = [0, 0, 0];
  for (let i = at; i < end; i++) {
    const [s, t] = [(student[i]! - maxS) / temperature, (teacher[i]! - maxT) / temperature];
    const p = Math.exp(t);
    gradient[i] = p;
    sumS += Math.exp(s);
    sumT += p;
    if (p > 0) cross += p * (t - s);
  }
  for (let i = at; i < end; i++)
    gradient[i] = temperature * (Math.exp((student[i]! - maxS) / temperature) / sumS - gradient[i]! / sumT);
  return temperature ** 2 * (cross / sumT + Math.log(sumS) - Math.log(sumT));
}
