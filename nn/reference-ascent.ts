import type { Along, Ascent, AscentBuffers } from './ascent.ts';
import { assertShape } from './ascent.ts';

/** The readable inner loop: plain loops over typed arrays. */
export function referenceAscent(): Ascent {
  let features = 0;
  let buffers = buffersOf(0, 0);

  /** Moves one number of the position to the nearest of its box, compared as the float32 that it will be. */
  const confine = (i: number, to: number): void => {
    const { position, point, lower, upper, clean } = buffers;
    const single = Math.fround(to);
    if (single > lower[i]!) position[i] = single < upper[i]! ? to : upper[i]!;
    else position[i] = single <= lower[i]! ? lower[i]! : clean[i]!;
    point[i] = position[i]!;
  };

  return {
    get buffers() {
      return buffers;
    },
    reserve(rows, width) {
      assertShape(rows, width);
      if (buffers.moved.length !== rows || features !== width) buffers = buffersOf(rows, width);
      features = width;
      return buffers;
    },
    signStep(rows, along) {
      const { position, size, rate, moved } = buffers;
      const slopes = buffers[along];
      let count = 0;
      for (let row = 0, i = 0; row < rows; row++) {
        let changed = false;
        for (let j = 0; j < features; j++, i++) {
          const step = rate[row]! * size[j]!;
          const slope = slopes[i]!;
          const old = position[i]!;
          confine(i, old + ((slope > 0 ? step : 0) - (slope < 0 ? step : 0)));
          changed ||= !Object.is(position[i], old);
        }
        moved[row] = changed ? 1 : 0;
        count += moved[row]!;
      }
      return count;
    },
    blend(rows, alpha) {
      const { position, held, last } = buffers;
      for (let i = 0; i < rows * features; i++) {
        const x = held[i]!;
        confine(i, x + alpha * (position[i]! - x) + (1 - alpha) * (x - last[i]!));
        last[i] = x;
      }
    },
    conjugate(rows) {
      const { direction, gradient, beta } = buffers;
      for (let row = 0, i = 0; row < rows; row++)
        for (let j = 0; j < features; j++, i++) direction[i] = gradient[i]! + beta[row]! * direction[i]!;
    },
    differenceProducts(rows, a: Along, out) {
      const { gradient, lastGradient, beta } = buffers;
      const factor = buffers[a];
      for (let row = 0, i = 0; row < rows; row++) {
        let sum = 0;
        for (let j = 0; j < features; j++, i++) sum += factor[i]! * (gradient[i]! - lastGradient[i]!);
        beta[row] = sum;
        out[row] = sum;
      }
    },
    [Symbol.dispose]() {},
  };
}

function buffersOf(rows: number, features: number): AscentBuffers {
  const doubles = (): Float64Array => new Float64Array(rows * features);
  const floats = (): Float32Array => new Float32Array(rows * features);
  return {
    position: doubles(),
    held: doubles(),
    last: doubles(),
    size: new Float64Array(features),
    rate: new Float64Array(rows),
    beta: new Float64Array(rows),
    lower: floats(),
    upper: floats(),
    clean: floats(),
    point: floats(),
    gradient: floats(),
    lastGradient: floats(),
    direction: floats(),
    moved: new Uint8Array(rows),
  };
}
