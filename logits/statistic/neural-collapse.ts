import { assertLength, ShapeError } from '../../core/errors.ts';
import { argMax } from '../row.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

/** How far features and a linear head are from neural collapse: each measure is 0 at it. */
export interface NeuralCollapse {
  /** NC1, variability within classes: `tr(Σ_W Σ_B†)/C`. */
  readonly variability: number;
  /** NC2, equal norms: coefficient of variation of `‖μ_c − μ_G‖`. */
  readonly norms: number;
  /** NC2, equal and largest angles: mean of `|cos(μ_c − μ_G, μ_c' − μ_G) + 1/(C−1)|`. */
  readonly angles: number;
  /** NC3, self-duality: `‖W/‖W‖_F − M/‖M‖_F‖_F`, at most 2. */
  readonly duality: number;
  /** NC4: share of rows that the head decides otherwise than the nearest class mean. */
  readonly disagreement: number;
}

/**
 * Source: Papyan, Han and Donoho (2020), "Prevalence of neural collapse during the terminal phase of deep learning training".
 * @param features h [N×D]  @param labels y [N], every class at least once  @param weight W [D×C]  @param bias [C]
 * @throws {ShapeError} for fewer than two classes, or one without a row.
 */
export function neuralCollapse(
  features: Float32Array,
  labels: Int32Array,
  weight: Float32Array,
  bias: Float32Array,
): NeuralCollapse {
  const rows = labels.length;
  const classes = bias.length;
  const width = weight.length / classes;
  assertLength(features, rows * width, 'features', 'neuralCollapse');
  if (classes < 2) throw new ShapeError(`neuralCollapse: ${classes} classes, expected two or more`);
  const means = classMeans(features, labels, classes, width);
  const centred = centre(means, classes, width);
  return {
    variability: variability(features, labels, means, centred, classes, width),
    ...frame(centred, classes, width),
    duality: duality(centred, weight, classes, width),
    disagreement: disagreement(features, weight, bias, means, rows),
  };
}

/** μ_c [C×D]. */
function classMeans(h: Float32Array, labels: Int32Array, classes: number, width: number): Float64Array {
  const means = new Float64Array(classes * width);
  const counts = new Float64Array(classes);
  labels.forEach((c, row) => {
    if (!(c >= 0 && c < classes)) throw new ShapeError(`neuralCollapse: a label is ${c}, expected 0 to ${classes - 1}`);
    counts[c]!++;
    for (let d = 0; d < width; d++) means[c * width + d]! += h[row * width + d]!;
  });
  const empty = counts.indexOf(0);
  if (empty >= 0) throw new ShapeError(`neuralCollapse: no row has label ${empty}, expected one or more`);
  for (let i = 0; i < means.length; i++) means[i]! /= counts[Math.floor(i / width)]!;
  return means;
}

/** M: rows μ_c − μ_G, μ_G the mean of the class means. */
function centre(means: Float64Array, classes: number, width: number): Float64Array {
  const centred = means.slice();
  for (let d = 0; d < width; d++) {
    let mean = 0;
    for (let c = 0; c < classes; c++) mean += means[c * width + d]! / classes;
    for (let c = 0; c < classes; c++) centred[c * width + d]! -= mean;
  }
  return centred;
}

/**
 * Σ_B = MᵀM/C has the eigenvectors `u = Mᵀv/√(Cλ)` of those v of `MMᵀ/C`, which is smaller where C < D; so tr(Σ_W Σ_B†) = Σ uᵀΣ_W u/λ, and
 * uᵀΣ_W u is the mean square of the deviations along u.
 */
function variability(
  h: Float32Array,
  labels: Int32Array,
  means: Float64Array,
  centred: Float64Array,
  classes: number,
  width: number,
): number {
  const { values, vectors } = symmetricEigen(gram(centred, classes, width), classes);
  const largest = Math.max(...values);
  let trace = 0;
  const u = new Float64Array(width);
  for (let i = 0; i < classes; i++) {
    const lambda = values[i]!;
    if (lambda <= 1e-9 * largest) continue;
    u.fill(0);
    for (let c = 0; c < classes; c++)
      for (let d = 0; d < width; d++)
        u[d]! += (vectors[i * classes + c]! * centred[c * width + d]!) / Math.sqrt(classes * lambda);
    let square = 0;
    labels.forEach((c, row) => {
      let along = 0;
      for (let d = 0; d < width; d++) along += u[d]! * (h[row * width + d]! - means[c * width + d]!);
      square += along * along;
    });
    trace += square / labels.length / lambda;
  }
  return trace / classes;
}

/** MMᵀ/C [C×C]. */
function gram(m: Float64Array, classes: number, width: number): Float64Array {
  const products = new Float64Array(classes * classes);
  for (let a = 0; a < classes; a++)
    for (let b = a; b < classes; b++) {
      const value = dot(m, a * width, m, b * width, width) / classes;
      products[a * classes + b] = value;
      products[b * classes + a] = value;
    }
  return products;
}

function frame(m: Float64Array, classes: number, width: number): Pick<NeuralCollapse, 'norms' | 'angles'> {
  const norms = Array.from({ length: classes }, (_, c) => Math.sqrt(dot(m, c * width, m, c * width, width)));
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / classes;
  const deviation = Math.sqrt(norms.reduce((sum, norm) => sum + (norm - mean) ** 2, 0) / classes);
  let angles = 0;
  for (let a = 0; a < classes; a++)
    for (let b = 0; b < a; b++) {
      const cosine = dot(m, a * width, m, b * width, width) / (norms[a]! * norms[b]!);
      angles += Math.abs(cosine + 1 / (classes - 1));
    }
  return { norms: deviation / mean, angles: angles / ((classes * (classes - 1)) / 2) };
}

function duality(m: Float64Array, weight: Float32Array, classes: number, width: number): number {
  const [normW, normM] = [Math.hypot(...weight), Math.hypot(...m)];
  let square = 0;
  for (let c = 0; c < classes; c++)
    for (let d = 0; d < width; d++) square += (weight[d * classes + c]! / normW - m[c * width + d]! / normM) ** 2;
  return Math.sqrt(square);
}

function disagreement(
  h: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  means: Float64Array,
  rows: number,
): number {
  const classes = bias.length;
  const width = weight.length / classes;
  const logits = new Float64Array(classes);
  const nearness = new Float64Array(classes);
  let different = 0;
  for (let row = 0; row < rows; row++) {
    logits.set(bias);
    nearness.fill(0);
    for (let d = 0; d < width; d++) {
      const value = h[row * width + d]!;
      for (let c = 0; c < classes; c++) {
        logits[c]! += value * weight[d * classes + c]!;
        nearness[c]! -= (value - means[c * width + d]!) ** 2;
      }
    }
    if (argMax(logits, 0, classes) !== argMax(nearness, 0, classes)) different++;
  }
  return different / rows;
}

function dot(a: Float64Array, atA: number, b: Float64Array, atB: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[atA + i]! * b[atB + i]!;
  return sum;
}
