import { z } from 'zod';
import { bestOf, bestSpec, critical, criticalSpec } from './critical.ts';
import type { Moment } from './moment.ts';
import { dutySpec, listed, listSpec, randomDuty } from './simple.ts';
import { strategic, strategicSpec } from './strategic.ts';
import { valueGate, valueSpec } from './value-gate.ts';

/** When an attack strikes: at every step, or at some. */
export const timingSpec = z.union([
  z.enum(['every']),
  dutySpec,
  listSpec,
  valueSpec,
  strategicSpec,
  criticalSpec,
  bestSpec,
]);

/** The timing that a specification stands for; null: every step. */
export function momentOf(spec: z.output<typeof timingSpec>): Moment | null {
  if (typeof spec === 'string') return null;
  if ('duty' in spec) return randomDuty(spec);
  if ('steps' in spec) return listed(spec);
  if ('valueAbove' in spec) return valueGate(spec);
  if ('spread' in spec) return strategic(spec);
  return 'best' in spec ? bestOf(spec) : critical(spec);
}
