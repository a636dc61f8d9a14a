import type { Floats } from './row.ts';

/**
 * `T² Σ_k KL(Bern σ(t_k/T) ‖ Bern σ(s_k/T))` of one row; returns the value and writes its gradient by s, `T (σ(s/T) − σ(t/T))`.
 *
 * Source: DHKD (arXiv 2411.08937).
 * @param student s [·] row at `at…at+size`  @param teacher t, at the same place  @param gradient same place; may alias the student
 */
export function binaryKL(
  student: Floats,
  teacher: Floats,
  at: number,
  size: number,
  temperature: number,
  gradient: Floats,
): number {
  let value = 0;
  for (let i = at; i < at + size; i++) {
    const [s, t] = [student[i]! / temperature, teacher[i]! / temperature];
    const [es, et] = [Math.exp(-Math.abs(s)), Math.exp(-Math.abs(t))];
    const p = (t >= 0 ? 1 : et) / (1 + et);
    const q = (s >= 0 ? 1 : es) / (1 + es);
    // softplus(x) = max(x, 0) + log(1 + e^−|x|); the KL is softplus(s) − softplus(t) − p (s − t).
    value += Math.max(s, 0) - Math.max(t, 0) + Math.log1p(es) - Math.log1p(et) - p * (s - t);
    gradient[i] = temperature * (q - p);
  }
  return temperature ** 2 * value;
}

/**
 * `T² Σ_k KL(Bern ½ ‖ Bern σ(δ_k)) = T² Σ_k log cosh(δ_k/2)`, `δ = (s − t)/T`, of one row; returns the value and writes its gradient by s,
 * `T (σ(δ) − ½)`.
 *
 * Source: DHKD (arXiv 2411.08937).
 * @param student s [·] row at `at…at+size`  @param teacher t, at the same place  @param gradient same place; may alias the student
 */
export function binaryKLNorm(
  student: Floats,
  teacher: Floats,
  at: number,
  size: number,
  temperature: number,
  gradient: Floats,
): number {
  let value = 0;
  for (let i = at; i < at + size; i++) {
    const delta = (student[i]! - teacher[i]!) / temperature;
    const e = Math.exp(-Math.abs(delta));
    value += Math.abs(delta) / 2 + Math.log1p(e) - Math.LN2;
    gradient[i] = temperature * Math.sign(delta) * (0.5 - e / (1 + e));
  }
  return temperature ** 2 * value;
}
