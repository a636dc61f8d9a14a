import { recordedRows } from './recorded-rows.ts';
import type { ModuleGround } from './module.ts';

/** Observations of the victim's own path, as they were and as something wrong was shown in their place. */
export interface Incidents {
  readonly rows: number;
  /** [rows×O] */
  readonly clean: Float32Array;
  readonly shown: Float32Array;
  /** [rows×A] what the victim does on either. */
  readonly right: Float64Array;
  readonly wrong: Float64Array;
  /** Shown rows [≤ count×O], those first whose action was moved furthest; never one whose action stayed. */
  worst(count: number): Float32Array;
}

/** Rows that are attacked between two reports. */
const batch = 512;

/** Attacks recorded clean rows of the victim by PGD. */
export async function incidents(
  ground: ModuleGround,
  {
    steps,
    epsilon,
    attack_steps: attackSteps,
  }: { readonly steps: number; readonly epsilon: number; readonly attack_steps: number },
): Promise<Incidents> {
  const { victim, tell } = ground;
  const { observationSize: size } = victim.access;
  const { rows, x } = recordedRows(ground, steps);
  const shown = x.slice();
  const attack = ground.attack(victim.access, { epsilon, steps: attackSteps });
  for (let from = 0; from < rows; from += batch) {
    const to = Math.min(rows, from + batch);
    attack(shown.subarray(from * size, to * size), to - from);
    await tell((0.95 * to) / rows);
  }
  return judged(ground, x, shown);
}

/** Recorded clean rows of the victim with the trigger of a backdoor stamped on them. */
export function stamped(
  ground: ModuleGround,
  steps: number,
  trigger: readonly { readonly at: number; readonly value: number }[],
): Incidents {
  const { rows, x } = recordedRows(ground, steps);
  const shown = x.slice();
  const { observationSize: size } = ground.victim.access;
  for (let row = 0; row < rows; row++) for (const { at, value } of trigger) shown[row * size + at] = value;
  return judged(ground, x, shown);
}

/** What the victim makes of rows as they are, and as they are shown. */
function judged({ victim: { access } }: ModuleGround, x: Float32Array, shown: Float32Array): Incidents {
  const { observationSize: size, actionSize } = access;
  const rows = x.length / size;
  const right = new Float64Array(rows * actionSize);
  const wrong = new Float64Array(rows * actionSize);
  access.decide(x, rows, right);
  access.decide(shown, rows, wrong);
  const moved = (row: number): number => {
    let distance = 0;
    for (let a = row * actionSize; a < (row + 1) * actionSize; a++) distance += Math.abs(wrong[a]! - right[a]!);
    return distance;
  };
  return {
    rows,
    clean: x,
    shown,
    right,
    wrong,
    worst(count) {
      const order = Array.from({ length: rows }, (_, row) => row).filter((row) => moved(row) > 0);
      const chosen = order.sort((a, b) => moved(b) - moved(a) || a - b).slice(0, count);
      const out = new Float32Array(chosen.length * size);
      chosen.forEach((row, i) => out.set(shown.subarray(row * size, (row + 1) * size), i * size));
      return out;
    },
  };
}
