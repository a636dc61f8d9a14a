/** What PPO remembers between two updates; all [T×N] step-major, in buffers made once. */
export class Rollout {
  readonly steps: number;
  readonly lanes: number;
  readonly observation: Float32Array;
  readonly action: Int32Array;
  readonly logProb: Float32Array;
  readonly reward: Float32Array;
  readonly value: Float32Array;
  /** Value of what each step led to; 0 after a terminated one. */
  readonly nextValue: Float32Array;
  readonly ended: Uint8Array;
  readonly advantage: Float32Array;
  readonly target: Float32Array;
  /** Rows that the clock ended, with what they ended on [.×O]. */
  readonly cut: { readonly row: number; readonly observation: Float32Array }[] = [];
  filled = 0;

  constructor(steps: number, lanes: number, inputs: number) {
    const rows = steps * lanes;
    this.steps = steps;
    this.lanes = lanes;
    this.observation = new Float32Array(rows * inputs);
    this.action = new Int32Array(rows);
    this.logProb = new Float32Array(rows);
    this.reward = new Float32Array(rows);
    this.value = new Float32Array(rows);
    this.nextValue = new Float32Array(rows);
    this.ended = new Uint8Array(rows);
    this.advantage = new Float32Array(rows);
    this.target = new Float32Array(rows);
  }

  get rows(): number {
    return this.steps * this.lanes;
  }

  clear(): void {
    this.filled = 0;
    this.cut.length = 0;
  }
}
