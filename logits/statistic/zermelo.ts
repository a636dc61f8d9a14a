import { ConfigError, NonFiniteError, ShapeError } from '../../core/errors.ts';

export interface ZermeloOptions {
  /** Newman's iteration, some ten to a hundred times faster, or Zermelo's own. They end in one place. */
  readonly iteration?: 'newman' | 'zermelo';
  /** Wins added to every ordered pair; 0.5 keeps a unanimous pair finite. */
  readonly virtualWins?: number;
  /** Games of each against one of strength 1, half of them won; Newman's prior, at 2. */
  readonly virtualGames?: number;
  /** Largest change of a ln w at which it ends. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

/**
 * Strengths w of Bradley and Terry's model `P(i ≻ j) = w_i/(w_i + w_j)`, of maximum likelihood (with a prior, of maximum posterior
 * probability) given how often i was preferred to j. Geometric mean 1, so `ln w_i − ln w_j` is the logit of P(i ≻ j).
 *
 * Zermelo `w_i ← Σ_j h_ij / Σ_j (h_ij + h_ji)/(w_i + w_j)`; Newman `w_i ← [Σ_j h_ij w_j/(w_i + w_j)] / [Σ_j h_ji/(w_i + w_j)]`. Both in
 * place: applied to all at once, Newman's swings for ever between two of them.
 *
 * Sources: Zermelo (1929), "Die Berechnung der Turnier-Ergebnisse…"; Newman (2023), "Efficient Computation of Rankings from Pairwise
 * Comparisons", equations 6 and 11; Ford (1957) for when there is a maximum.
 * @param wins [D][D] h, whose diagonal does not matter  @returns w [D]
 * @throws {ConfigError} where no prior is given and some beat the others without a loss, or there is no chain of games: no finite maximum.
 * @throws {NonFiniteError} when it does not converge.
 */
export function zermelo(wins: readonly ArrayLike<number>[], options: ZermeloOptions = {}): Float64Array {
  const {
    iteration = 'newman',
    virtualWins = 0,
    virtualGames = 0,
    tolerance = 1e-10,
    maxIterations = 100_000,
  } = options;
  const size = wins.length;
  const h = asMatrix(wins, virtualWins);
  if (virtualGames === 0 && !stronglyConnected(h, size))
    throw new ConfigError(
      'zermelo: some responses are never beaten by the others, so their strengths are infinite; give virtualWins or virtualGames',
    );
  const step = iteration === 'newman' ? newman : plain;
  const w = new Float64Array(size).fill(1);
  for (let round = 0; round < maxIterations; round++) {
    let change = 0;
    for (let i = 0; i < size; i++) {
      const next = step(h, w, i, virtualGames / 2);
      change = Math.max(change, Math.abs(Math.log(next / w[i]!)));
      w[i] = next;
    }
    if (change < tolerance) return normalised(w);
    if (virtualGames === 0) normalised(w); // only ratios count; the mean must not drift
  }
  throw new NonFiniteError(`zermelo: the strengths still change after ${maxIterations} iterations`);
}

type Step = (h: Float64Array, w: Float64Array, i: number, prior: number) => number;

const newman: Step = (h, w, i, prior) => {
  const own = w[i]!;
  let up = prior / (own + 1);
  let down = prior / (own + 1);
  for (let j = 0; j < w.length; j++) {
    if (j === i) continue;
    up += (h[i * w.length + j]! * w[j]!) / (own + w[j]!);
    down += h[j * w.length + i]! / (own + w[j]!);
  }
  return up / down;
};

const plain: Step = (h, w, i, prior) => {
  const own = w[i]!;
  let won = prior;
  let expected = (2 * prior) / (own + 1);
  for (let j = 0; j < w.length; j++) {
    if (j === i) continue;
    won += h[i * w.length + j]!;
    expected += (h[i * w.length + j]! + h[j * w.length + i]!) / (own + w[j]!);
  }
  return won / expected;
};

function asMatrix(wins: readonly ArrayLike<number>[], virtualWins: number): Float64Array {
  const size = wins.length;
  const h = new Float64Array(size * size);
  wins.forEach((row, i) => {
    if (row.length !== size)
      throw new ShapeError(`zermelo: row ${i} has ${row.length} counts, expected ${size}: a square matrix`);
    for (let j = 0; j < size; j++) {
      if (!(row[j]! >= 0 && row[j]! < Infinity))
        throw new ShapeError(`zermelo: wins of ${i} against ${j} are ${row[j]}, expected a number from 0`);
      h[i * size + j] = i === j ? 0 : row[j]! + virtualWins;
    }
  });
  return h;
}

/** Whether everyone beat everyone else, directly or through others: from 0 all are reached along wins and along losses. */
function stronglyConnected(h: Float64Array, size: number): boolean {
  const reachesAll = (won: (i: number, j: number) => boolean): boolean => {
    const seen = new Set([0]);
    for (const i of seen) for (let j = 0; j < size; j++) if (won(i, j)) seen.add(j);
    return seen.size >= size;
  };
  return reachesAll((i, j) => h[i * size + j]! > 0) && reachesAll((i, j) => h[j * size + i]! > 0);
}

/** Divides in place by the geometric mean. */
function normalised(w: Float64Array): Float64Array {
  const mean = Math.exp(w.reduce((sum, value) => sum + Math.log(value), 0) / w.length);
  for (let i = 0; i < w.length; i++) w[i]! /= mean;
  return w;
}
