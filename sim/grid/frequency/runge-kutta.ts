/** A differential equation `x' = f(t, x)`. */
export interface VectorField {
  readonly n: number;
  rates(t: number, x: Float64Array, out: Float64Array): void;
}

/** A one-step method: it makes a step, and then tells what is within it. */
export interface StepMethod {
  readonly order: number;
  /** Whether `step` tells an error, and so how long the next step may be. */
  readonly controlled: boolean;
  /** Points inside of a step at which one has to look for events too: long steps have more within them. */
  readonly looks: number;
  /** Makes a step of h s from (t, x). @returns its error over what is tolerated: above 1 the step is not to be taken; 0 where the method has no estimate */
  step(field: VectorField, t: number, x: Float64Array, h: number): number;
  /** The state at t + θ h of the last step, θ in [0, 1]. */
  at(theta: number, out: Float64Array): void;
}

/**
 * The classical method of order 4 with steps of a fixed length. A state within a step is that of a shorter step from its start: as exact as the steps are.
 * Source: Kutta (1901); Hairer, Nørsett and Wanner, "Solving Ordinary Differential Equations I", II.1
 */
export function classicalMethod(n: number): StepMethod {
  const [k1, k2, k3, k4] = [0, 1, 2, 3].map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const stage = new Float64Array(n);
  const start = new Float64Array(n);
  let [field, t0, step]: [VectorField | undefined, number, number] = [undefined, 0, 0];
  const at = (theta: number, out: Float64Array): void => {
    const h = theta * step;
    for (let i = 0; i < n; i++) stage[i] = start[i]! + (h / 2) * k1[i]!;
    field!.rates(t0 + h / 2, stage, k2);
    for (let i = 0; i < n; i++) stage[i] = start[i]! + (h / 2) * k2[i]!;
    field!.rates(t0 + h / 2, stage, k3);
    for (let i = 0; i < n; i++) stage[i] = start[i]! + h * k3[i]!;
    field!.rates(t0 + h, stage, k4);
    for (let i = 0; i < n; i++) out[i] = start[i]! + (h / 6) * (k1[i]! + 2 * (k2[i]! + k3[i]!) + k4[i]!);
  };
  return {
    order: 4,
    controlled: false,
    looks: 0,
    step(of, t, x, h) {
      [field, t0, step] = [of, t, h];
      start.set(x);
      of.rates(t, start, k1);
      return 0;
    },
    at,
  };
}

/** Errors that a controlled step may make, as a part of the state and beside it. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Stages of Dormand and Prince: nodes, weights of earlier stages. The seventh is the first of the next step, and its weights are those of the solution. */
const nodes = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1] as const;
const weights = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
] as const;
/** The solution's weights less those of the embedded one of order 4. */
const errorWeights = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40] as const;
const denseWeights = [
  -12715105075 / 11282082432,
  0,
  87487479700 / 32700410799,
  -10690763975 / 1880347072,
  701980252875 / 199316789632,
  -1453857185 / 822651844,
  69997945 / 29380423,
] as const;

/**
 * Dormand and Prince's pair of orders 5 and 4, with an error estimate and a continuous extension of order 4 within the step.
 * Source: Dormand and Prince (1980), RK5(4)7M; Hairer, Nørsett and Wanner, II.5 and II.6 (the extension, by Shampine)
 */
export function dormandPrince(n: number, { relative, absolute }: Tolerance): StepMethod {
  const k = nodes.map(() => new Float64Array(n));
  const stage = new Float64Array(n);
  // The extension: y(θ) = c0 + θ (c1 + (1 − θ) (c2 + θ (c3 + (1 − θ) c4)))
  const c = [0, 1, 2, 3, 4].map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return {
    order: 5,
    controlled: true,
    looks: 3,
    step(field, t, x, h) {
      for (let s = 0; s < nodes.length; s++) {
        const row = weights[s]!;
        for (let i = 0; i < n; i++) {
          let sum = 0;
          for (let j = 0; j < row.length; j++) sum += row[j]! * k[j]![i]!;
          stage[i] = x[i]! + h * sum;
        }
        field.rates(t + nodes[s]! * h, stage, k[s]!);
      }
      // The last stage stands at the solution.
      let squares = 0;
      for (let i = 0; i < n; i++) {
        let [error, dense] = [0, 0];
        for (let s = 0; s < nodes.length; s++) {
          error += errorWeights[s]! * k[s]![i]!;
          dense += denseWeights[s]! * k[s]![i]!;
        }
        const [before, after] = [x[i]!, stage[i]!];
        const part = (h * error) / (absolute + relative * Math.max(Math.abs(before), Math.abs(after)));
        squares += part * part;
        const difference = after - before;
        const bend = h * k[0]![i]! - difference;
        c[0][i] = before;
        c[1][i] = difference;
        c[2][i] = bend;
        c[3][i] = difference - h * k[6]![i]! - bend;
        c[4][i] = h * dense;
      }
      return Math.sqrt(squares / n);
    },
    at(theta, out) {
      const rest = 1 - theta;
      for (let i = 0; i < n; i++)
        out[i] = c[0][i]! + theta * (c[1][i]! + rest * (c[2][i]! + theta * (c[3][i]! + rest * c[4][i]!)));
    },
  };
}
