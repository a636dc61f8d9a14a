import type { StepRule } from './rule.ts';

/** `x ← x + step ⊙ sign(g)`: steepest ascent in the L-inf norm. A gradient that is not a number moves nothing. */
export const signStep: StepRule = {
  move(position, gradient, rows, size, scale) {
    const features = size.length;
    for (let row = 0, i = 0; row < rows; row++) {
      for (let j = 0; j < features; j++, i++) {
        const slope = gradient[i]!;
        if (slope > 0) position[i]! += scale * size[j]!;
        else if (slope < 0) position[i]! -= scale * size[j]!;
      }
    }
  },
};
