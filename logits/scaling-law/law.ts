import { ConfigError } from '../../core/errors.ts';
import { crossEntropy } from '../cross-entropy.ts';
import { argMax } from '../row.ts';
import { cdfExponent } from '../statistic/cdf-exponent.ts';
import { powerLawFit } from '../statistic/power-law-fit.ts';
import type { PowerLaw } from '../statistic/power-law-fit.ts';
import { differencesOf, errorsOf, logSpaced } from './error-curve.ts';
import { linearLogits, logitResponse, prefactor } from './linear-response.ts';
import type { Prefactor } from './linear-response.ts';
import { logitsOf, rowCount } from './response.ts';
import type { Response } from './response.ts';
import { leastLikely, pgd, signs, signStep } from './sign-attack.ts';

export interface LawOptions {
  /** How many orders j of Δ_1j, from 2. */
  readonly orders?: number;
  /** Points of the ε grid. */
  readonly points?: number;
  /** Decades of ε that the grid spans. */
  readonly decades?: number;
  /** Rows that PGD attacks, spread evenly over all: neighbours in time tell the same. */
  readonly pgdRows?: number;
}

/** Error against ε of one attack. */
export interface ErrorCurve {
  /** [orders][points]; of PGD, NaN where the one-step attack is outside of what is fitted. */
  readonly measured: readonly (readonly number[])[];
  /** The same by the linear response, from clean statistics alone; none for an attack of several steps. */
  readonly predicted: readonly (readonly number[])[] | null;
  /** `Err_j ∝ ε^exponent`, one an order, over points with `10/N < Err < 0.1`. */
  readonly fits: readonly PowerLaw[];
}

/** The distribution of logit differences and the error law of one network. */
export interface Law {
  readonly rows: number;
  readonly classes: number;
  /** `F_j(δ) ∝ δ^exponent`, one an order: theory says j − 1. */
  readonly differences: readonly PowerLaw[];
  /** Of Δ_12. */
  readonly medianDifference: number;
  readonly prefactor: Prefactor;
  readonly epsilons: readonly number[];
  readonly fgsm: ErrorCurve;
  readonly stepLeastLikely: ErrorCurve;
  readonly pgd: ErrorCurve;
}

/** Above this error the curve saturates, and no power law holds. */
const saturation = 0.1;
/** Fewer changed rows than this say too little of an error. */
const fewest = 10;

/**
 * Distribution of logit differences, adversarial error against ε under FGSM, step l.l. and PGD, and what the clean logits and one gradient
 * predict of it. Attacks move away from the network's own prediction; nothing is clipped to a range of pixels.
 *
 * The grid of ε lies where the predicted error `A ε` runs up to 0.3, so that no network is measured beside its law.
 * Source: arXiv 1711.02846; the derivation and the fits are those of specs/logit-methods.md 2.1.
 * @param x [N×D]
 * @throws {ConfigError} for fewer than two classes, or logits that do not respond to the input.
 */
export async function scalingLaw(response: Response, x: Float32Array, options: LawOptions = {}): Promise<Law> {
  const { outputs: k } = response;
  const rows = rowCount(response, x);
  if (k < 2) throw new ConfigError(`scalingLaw: ${k} logits, expected at least 2`);
  const { points = 13, decades = 2.75, pgdRows = rows } = options;
  const orders = Math.min(options.orders ?? 3, k - 1);
  const z = await logitsOf(response, x);
  const top = Int32Array.from({ length: rows }, (_, row) => argMax(z, row * k, k));
  const away = await signs(response, x, top, crossEntropy);
  const v = await logitResponse(response, x, away);
  const a = prefactor(z, v, k);
  if (!(a.value > 0 && a.value < Infinity))
    throw new ConfigError(`scalingLaw: the prefactor is ${a.value}; the logits are constant, or do not respond`);
  const highest = 0.3 / a.value;
  const epsilons = logSpaced(highest / 10 ** decades, highest, points);

  const clean: Clean = { z, top, orders, epsilons };
  const fgsm = await oneStep(response, x, away, v, clean);
  const towards = await signs(response, x, leastLikely(z, k), crossEntropy);
  for (let i = 0; i < towards.length; i++) towards[i] = -towards[i]!;
  const stepLeastLikely = await oneStep(response, x, towards, await logitResponse(response, x, towards), clean);
  const attacked = Math.min(rows, pgdRows);
  const iterated = await iterate(response, x, spreadRows(rows, attacked), clean, fgsm.measured[0]!);
  const differences = differencesOf(z, k, orders);
  return {
    rows,
    classes: k,
    differences: differences.map((values) => cdfExponent(values)),
    medianDifference: Float64Array.from(differences[0]!).sort()[Math.floor(rows / 2)]!,
    prefactor: a,
    epsilons,
    fgsm,
    stepLeastLikely,
    pgd: curveOf(epsilons, iterated, null, attacked),
  };
}

/** What every curve starts from. */
interface Clean {
  /** [N×K] */
  readonly z: Float32Array;
  /** [N] */
  readonly top: Int32Array;
  readonly orders: number;
  readonly epsilons: readonly number[];
}

/** The curve of an attack in one step along s, beside that of its linear response v. */
async function oneStep(
  response: Response,
  x: Float32Array,
  s: Float32Array,
  v: Float32Array,
  { z, top, orders, epsilons }: Clean,
): Promise<ErrorCurve> {
  const { outputs: k } = response;
  const shown = new Float32Array(x.length);
  const measured: number[][] = [];
  for (const epsilon of epsilons) {
    signStep(x, s, epsilon, shown);
    measured.push(errorsOf(await logitsOf(response, shown), top, k, orders));
  }
  const predicted = epsilons.map((epsilon) => errorsOf(linearLogits(z, v, epsilon), top, k, orders));
  return curveOf(epsilons, measured, predicted, top.length);
}

/**
 * Errors under PGD, one list an ε; NaN where the error in one step says that it would be fitted at neither end.
 * @param chosen the rows attacked, of those behind `clean`
 */
async function iterate(
  response: Response,
  all: Float32Array,
  chosen: Int32Array,
  { top, orders, epsilons }: Clean,
  oneStep: readonly number[],
): Promise<number[][]> {
  const { inputs } = response;
  const labels = chosen.map((row) => top[row]!);
  const x = new Float32Array(chosen.length * inputs);
  chosen.forEach((row, at) => x.set(all.subarray(row * inputs, (row + 1) * inputs), at * inputs));
  const errors: number[][] = [];
  for (const [at, epsilon] of epsilons.entries()) {
    // Several steps find more than one does, seldom less than two thirds of it.
    if (oneStep[at]! < fewest / labels.length / 2 || oneStep[at]! > 1.5 * saturation) {
      errors.push(Array.from({ length: orders }, () => Number.NaN));
      continue;
    }
    const shown = await pgd(response, x, labels, crossEntropy, epsilon);
    errors.push(errorsOf(await logitsOf(response, shown), labels, response.outputs, orders));
  }
  return errors;
}

/** So many different rows, about the golden section apart: any run of them is spread over all, whatever period these have. */
function spreadRows(rows: number, count: number): Int32Array {
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
  let stride = Math.max(1, Math.round(rows * 0.618_034));
  while (common(stride, rows) !== 1) stride += 1;
  return Int32Array.from({ length: count }, (_, i) => (i * stride) % rows);
}

/** @param measured, predicted [points][orders] */
function curveOf(
  epsilons: readonly number[],
  measured: readonly (readonly number[])[],
  predicted: readonly (readonly number[])[] | null,
  rows: number,
): ErrorCurve {
  const byOrder = (curve: readonly (readonly number[])[]): number[][] =>
    curve[0]!.map((_, order) => curve.map((errors) => errors[order]!));
  const curves = byOrder(measured);
  return {
    measured: curves,
    predicted: predicted === null ? null : byOrder(predicted),
    fits: curves.map((errors) => powerLawFit(epsilons, errors, { above: fewest / rows, below: saturation })),
  };
}
