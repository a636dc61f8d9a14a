import type { VictimShape } from '../../core/attack.ts';
import { goalOf } from '../../core/goal.ts';
import type { Goal } from '../../core/victim.ts';
import type { Ascent, AscentBuffers } from '../../nn/ascent.ts';

/** The buffers of a search over R rows, each exactly as long as its shape; those of the ascent are the kernel's. */
export interface SearchBuffers extends AscentBuffers {
  readonly logits: Float32Array; // [R×K]
  readonly slope: Float32Array; // [R×K]
  readonly value: Float32Array; // [R]
  readonly best: Float32Array; // [R], by the caller's rows
  /** What the caller's rows are pushed towards, and what the rows still searched are; the latter's `x` is `clean`. */
  readonly goals: Goal;
  readonly goal: Goal;
  /** [R] the caller's row behind each row still searched. */
  readonly row: Int32Array;
  /** [R] for how many moves each row has been where it is. */
  readonly still: Uint8Array;
  /** [O] marks of a step that chooses among features. */
  readonly taken: Uint8Array;
}

/** Memory that only grows: views are remade when the batch changes shape, never during a search. */
export function searchWorkspace(ascent: Ascent): (rows: number, victim: VictimShape) => SearchBuffers {
  let held: AscentBuffers | undefined;
  let of: VictimShape | undefined;
  let buffers: SearchBuffers | undefined;
  return (rows, victim) => {
    const ascending = ascent.reserve(rows, victim.observationSize);
    if (buffers?.value.length === rows && of === victim && held === ascending) return buffers;
    const outputs = victim.logitsSize;
    of = victim;
    held = ascending;
    buffers = {
      ...ascending,
      logits: new Float32Array(rows * outputs),
      slope: new Float32Array(rows * outputs),
      value: new Float32Array(rows),
      best: new Float32Array(rows),
      goals: goalOf(victim, rows),
      goal: { ...goalOf(victim, rows), x: ascending.clean },
      row: new Int32Array(rows),
      still: new Uint8Array(rows),
      taken: new Uint8Array(victim.observationSize),
    };
    return buffers;
  };
}
