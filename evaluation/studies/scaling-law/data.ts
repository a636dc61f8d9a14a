import type { Rng } from '../../../core/rng.ts';
import type { Labelled } from '../../../logits/scaling-law/train.ts';

/** What is drawn. */
export interface Task {
  readonly inputs: number;
  readonly classes: number;
  /** A row of the class. The task is fixed by the stream that made it, rows by the one given. @param x [inputs] written */
  draw(label: number, rng: Rng, x: Float32Array): void;
}

/** Modes of a class, and noise of a row at difficulty 1 beside their spread. */
const modes = 3;
const spread = 0.6;
const noise = 0.75;

/**
 * Vectors `tanh(c + σ n)`: each class has three centres c of N(0, 0.6²), a row is one of them in noise σ = 0.75 · difficulty. No linear
 * boundary parts the classes; at difficulty 1 a small MLP does so for most rows.
 */
export function gaussianModes(rng: Rng, difficulty: number, inputs = 40, classes = 10): Task {
  const centres = Float64Array.from({ length: classes * modes * inputs }, () => spread * rng.normal());
  return {
    inputs,
    classes,
    draw(label, random, x) {
      const at = (label * modes + random.int(modes)) * inputs;
      for (let i = 0; i < inputs; i++) x[i] = Math.tanh(centres[at + i]! + noise * difficulty * random.normal());
    },
  };
}

/** Pixels of an image's side. */
export const side = 8;
/** Waves of a pattern. */
const waves = 4;

/**
 * Images [8×8] of one channel: each class has two patterns of four plane waves of low frequency; a row is one of them, moved round by up to
 * two pixels in each direction, in noise. Moved patterns are what convolutions are for.
 */
export function movedPatterns(rng: Rng, difficulty: number, classes = 10): Task {
  const patterns = Array.from({ length: classes * 2 }, () =>
    Array.from({ length: waves }, () => ({
      amplitude: 0.5 + rng.uniform(),
      across: rng.int(4),
      down: rng.int(4),
      phase: 2 * Math.PI * rng.uniform(),
    })),
  );
  return {
    inputs: side * side,
    classes,
    draw(label, random, x) {
      const pattern = patterns[label * 2 + random.int(2)]!;
      const right = random.int(5) - 2;
      const down = random.int(5) - 2;
      for (let i = 0; i < x.length; i++) {
        const row = Math.floor(i / side) + down;
        const column = (i % side) + right;
        let value = 0;
        for (const wave of pattern)
          value +=
            wave.amplitude * Math.cos((2 * Math.PI * (wave.across * column + wave.down * row)) / side + wave.phase);
        x[i] = Math.tanh(0.6 * value + 0.5 * difficulty * random.normal());
      }
    },
  };
}

/** Rows of a task with classes in equal shares. */
export function sampled(task: Task, rows: number, rng: Rng): Labelled {
  const x = new Float32Array(rows * task.inputs);
  const labels = Int32Array.from({ length: rows }, (_, row) => row % task.classes);
  for (let row = 0; row < rows; row++)
    task.draw(labels[row]!, rng, x.subarray(row * task.inputs, (row + 1) * task.inputs));
  return { x, labels };
}

/** The same rows with their labels shuffled: nothing can be learnt from them but by heart. */
export function shuffled({ x, labels }: Labelled, rng: Rng): Labelled {
  const mixed = Int32Array.from(labels);
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    [mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!];
  }
  return { x, labels: mixed };
}
