import { logSoftmax } from '../log-softmax.ts';
import type { SteerSetting } from './setting.ts';

/** Unsafe contexts: what the expert would do in each, and where they lie. */
export interface UnsafeContexts {
  /** U [N×O] */
  readonly rows: Float32Array;
  /** π_f(·|u) [N×K] */
  readonly probabilities: Float64Array;
  /** h */
  readonly bandwidth: number;
}

/** A probability below this is 0 in float32's sums, as in `policyGuidance`. */
const least = 1e-30;

/**
 * `policyGuidance` on one row, without its mask: `s = (1+γ) log π_f − γ log π_b − η log π_f(·|U, x)`, and its slopes by the logits of f and b and by x. γ below 0 lies
 * between the two.
 * @param width O  @param k K
 */
export class RowGuidance {
  readonly #setting: Pick<SteerSetting, 'gamma' | 'eta'>;
  readonly #unsafe: UnsafeContexts | undefined;
  readonly #width: number;
  readonly #k: number;
  readonly #logP: Float64Array;
  readonly #near: Float64Array;
  readonly #q: Float64Array;

  constructor(
    setting: Pick<SteerSetting, 'gamma' | 'eta'>,
    unsafe: UnsafeContexts | undefined,
    width: number,
    k: number,
  ) {
    this.#setting = setting;
    this.#unsafe = setting.eta > 0 ? unsafe : undefined;
    this.#width = width;
    this.#k = k;
    this.#logP = new Float64Array(k);
    this.#near = new Float64Array((this.#unsafe?.rows.length ?? 0) / width);
    this.#q = new Float64Array(k);
  }

  /** @param f, b, out [rows×K], row at `at`; b is not read where γ is 0  @param x [rows×O], row at `xAt` */
  value(
    f: Float32Array,
    b: Float32Array | undefined,
    at: number,
    x: Float32Array,
    xAt: number,
    out: Float32Array,
  ): void {
    const { gamma, eta } = this.#setting;
    this.#logOf(f, at);
    const sum = this.#logP.map((value) => (1 + gamma) * value);
    if (b !== undefined && gamma !== 0) {
      this.#logOf(b, at);
      for (let a = 0; a < this.#k; a++) sum[a]! -= gamma * this.#logP[a]!;
    }
    if (this.#unsafe !== undefined) {
      this.#inUnsafe(this.#unsafe, x, xAt);
      for (let a = 0; a < this.#k; a++) sum[a]! -= eta * Math.log(Math.max(least, this.#q[a]!));
    }
    out.set(sum, at);
  }

  /** Adds ∂/∂f, ∂/∂b and ∂/∂x of `Σ dOut s`. */
  slope(
    f: Float32Array,
    b: Float32Array | undefined,
    at: number,
    x: Float32Array,
    xAt: number,
    dOut: Float32Array,
    dF: Float32Array,
    dB: Float32Array | undefined,
    dX: Float32Array,
  ): void {
    const { gamma, eta } = this.#setting;
    let total = 0;
    for (let a = 0; a < this.#k; a++) total += dOut[at + a]!;
    const pull = (z: Float32Array, weight: number, dZ: Float32Array): void => {
      this.#logOf(z, at);
      for (let a = 0; a < this.#k; a++) dZ[at + a]! += weight * (dOut[at + a]! - Math.exp(this.#logP[a]!) * total);
    };
    pull(f, 1 + gamma, dF);
    if (b !== undefined && dB !== undefined && gamma !== 0) pull(b, -gamma, dB);
    const unsafe = this.#unsafe;
    if (unsafe === undefined) return;
    this.#inUnsafe(unsafe, x, xAt);
    const pulled = this.#near.map((_, n) => {
      let sum = 0;
      for (let a = 0; a < this.#k; a++)
        if (this.#q[a]! > least) sum -= ((eta * dOut[at + a]!) / this.#q[a]!) * unsafe.probabilities[n * this.#k + a]!;
      return sum;
    });
    const mean = pulled.reduce((sum, value, n) => sum + value * this.#near[n]!, 0);
    pulled.forEach((value, n) => {
      const weight = (this.#near[n]! * (value - mean)) / unsafe.bandwidth ** 2;
      for (let i = 0; i < this.#width; i++) dX[xAt + i]! -= weight * (x[xAt + i]! - unsafe.rows[n * this.#width + i]!);
    });
  }

  #logOf(z: Float32Array, at: number): void {
    for (let a = 0; a < this.#k; a++) this.#logP[a] = z[at + a]!;
    logSoftmax(this.#logP, 0, this.#k, this.#logP);
  }

  /** `w = softmax(−‖x − u‖²/2h²)`, `q = Σ_u w_u π_f(·|u)`. */
  #inUnsafe({ rows, probabilities, bandwidth }: UnsafeContexts, x: Float32Array, xAt: number): void {
    for (let n = 0; n < this.#near.length; n++) {
      let distance = 0;
      for (let i = 0; i < this.#width; i++) distance += (x[xAt + i]! - rows[n * this.#width + i]!) ** 2;
      this.#near[n] = (-0.5 * distance) / bandwidth ** 2;
    }
    logSoftmax(this.#near, 0, this.#near.length, this.#near);
    this.#q.fill(0);
    for (let n = 0; n < this.#near.length; n++) {
      this.#near[n] = Math.exp(this.#near[n]!);
      for (let a = 0; a < this.#k; a++) this.#q[a]! += this.#near[n]! * probabilities[n * this.#k + a]!;
    }
  }
}
