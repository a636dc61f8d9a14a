import { argMax } from './row.ts';
import type { Floats } from './row.ts';

/**
 * `max_{i≠y} z_i − z_y`: positive once another action wins. Returns the value and writes its gradient `e_i* − e_y`.
 *
 * A true maximum over the others, not a masked product, so that it is invariant to shifts of the logits.
 * Source: Carlini and Wagner (2017), "Towards Evaluating the Robustness of Neural Networks", f₆ without its clamp.
 * @param size at least 2  @param gradient same place as the row; may not alias logits
 */
export function margin(logits: Floats, at: number, size: number, label: number, gradient: Floats): number {
  const other = argMax(logits, at, size, label);
  gradient.fill(0, at, at + size);
  gradient[at + other] = 1;
  gradient[at + label] = -1;
  return logits[at + other]! - logits[at + label]!;
}
