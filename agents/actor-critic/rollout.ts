/** What an on-policy learner remembers between two updates; all [T×N] step-major, in buffers made once. */
export class Rollout {
  readonly steps: number;
  readonly lanes: number;
  readonly rows: number;
  /** [T×N×O] as the networks read them: standardised, where there are statistics. */
  readonly observation: Float32Array;
  /** [T×N×W] as the actor holds them. */
  readonly action: Float32Array;
  readonly logProb: Float64Array;
  readonly reward: Float32Array;
  readonly value: Float32Array;
  /** Value of what each step led to; 0 after a terminated one. */
  readonly nextValue: Float32Array;
  readonly ended: Uint8Array;
  readonly advantage: Float32Array;
  readonly target: Float32Array;
  /** Rows that the clock ended, with what they ended on [.×O]. */
  readonly cut: { readonly row: number; readonly observation: Float32Array }[] = [];
  /** Steps so far. */
  filled = 0;

  constructor(steps: number, lanes: number, inputs: number, width: number) {
    const rows = steps * lanes;
    this.steps = steps;
    this.lanes = lanes;
    this.rows = rows;
    this.observation = new Float32Array(rows * inputs);
    this.action = new Float32Array(rows * width);
    this.logProb = new Float64Array(rows);
    this.reward = new Float32Array(rows);
    this.value = new Float32Array(rows);
    this.nextValue = new Float32Array(rows);
    this.ended = new Uint8Array(rows);
    this.advantage = new Float32Array(rows);
    this.target = new Float32Array(rows);
  }

  clear(): void {
    this.filled = 0;
    this.cut.length = 0;
  }
}

/** Share of the targets' variance that the values explain: 1 at best, 0 for a constant, negative below that. */
export function explainedVariance({ value, target }: Rollout): number {
  let meanTarget = 0;
  let meanError = 0;
  for (let row = 0; row < value.length; row++) {
    meanTarget += target[row]! / value.length;
    meanError += (target[row]! - value[row]!) / value.length;
  }
  let targets = 0;
  let errors = 0;
  for (let row = 0; row < value.length; row++) {
    targets += (target[row]! - meanTarget) ** 2;
    errors += (target[row]! - value[row]! - meanError) ** 2;
  }
  return targets === 0 ? 0 : 1 - errors / targets;
}
