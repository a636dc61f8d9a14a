import type { Rng } from '../../../core/rng.ts';

/** A classification problem that can be drawn as large and as hard as one likes. */
export interface ModesOptions {
  readonly classes: number;
  /** Gaussian modes of each class, far from one another. */
  readonly modes: number;
  readonly dimensions: number;
  /** Standard deviation of a mode; their centres have 1 in every dimension. The difficulty. */
  readonly noise: number;
}

/** Inputs x [N×I] with their classes y [N]. */
export interface Labelled {
  readonly x: Float32Array;
  readonly labels: Int32Array;
}

/**
 * Draws from `x = u + W₂ tanh(W₁ u)`, u from one of the class's Gaussian modes: a class is several islands on a bent sheet, which a linear
 * model cannot tell apart. Classes take turns, so that every draw is balanced.
 * @param random fixes the problem; what is drawn is fixed by the stream that each draw is given
 */
export function gaussianModes(options: ModesOptions, random: Rng): (rows: number, rng: Rng) => Labelled {
  const { classes, modes, dimensions: d, noise } = options;
  const draw = (name: string, length: number, scale: number): Float64Array => {
    const stream = random.split(name);
    return Float64Array.from({ length }, () => scale * stream.normal());
  };
  const centres = draw('centres', classes * modes * d, 1);
  const inner = draw('inner', d * 2 * d, 1 / Math.sqrt(d));
  const outer = draw('outer', 2 * d * d, 1 / Math.sqrt(d));
  return (rows, rng) => {
    const x = new Float32Array(rows * d);
    const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
    const u = new Float64Array(d);
    const bent = new Float64Array(2 * d);
    for (let row = 0; row < rows; row++) {
      const mode = labels[row]! * modes + rng.int(modes);
      for (let i = 0; i < d; i++) u[i] = centres[mode * d + i]! + noise * rng.normal();
      for (let j = 0; j < 2 * d; j++) {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += u[i]! * inner[i * 2 * d + j]!;
        bent[j] = Math.tanh(sum);
      }
      for (let i = 0; i < d; i++) {
        let sum = u[i]!;
        for (let j = 0; j < 2 * d; j++) sum += bent[j]! * outer[j * d + i]!;
        x[row * d + i] = sum;
      }
    }
    return { x, labels };
  };
}

/** A map of rows to mean 0 and standard deviation 1 in every column of these, in place. @param x [N×D] */
export function standardiser(x: Float32Array, columns: number): (x: Float32Array) => void {
  const rows = x.length / columns;
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  x.forEach((value, i) => {
    mean[i % columns]! += value / rows;
    square[i % columns]! += value ** 2 / rows;
  });
  const deviation = square.map((value, i) => Math.sqrt(value - mean[i]! ** 2));
  return (own) => own.forEach((value, i) => (own[i] = (value - mean[i % columns]!) / deviation[i % columns]!));
}
