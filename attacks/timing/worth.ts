import { z } from 'zod';
import type { Rehearsal } from '../../core/attack.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { damages } from '../plan/damage.ts';
import type { DamageName } from '../plan/damage.ts';
import { anyActionCost, reachedActionCost } from './critic-cost.ts';
import { criticFields, criticWorth } from './critic-worth.ts';
import { plantWorth } from './plant-worth.ts';

/** What striking at a step is worth, by row. */
export interface Worth {
  /** Queries of a row at each step. */
  readonly asks: number;
  /** It weighs what the attack would show. */
  readonly weighs: boolean;
  /** Learns what it needs before the first step; yields the share done. */
  prepare(rehearsal: Rehearsal): Generator<number, void, void>;
  /** [≥ rows] of each row. @param shown [rows×O] what the attack would show; read if it weighs that */
  of(x: Float32Array, rows: number, victim: GradientAccess, shown: Float32Array): Float64Array;
  /** Which rows strike after all. @param mark [rows] */
  struck?(mark: Uint8Array, rows: number): void;
  /** @param ended [rows] 1 where an episode just ended */
  reset?(ended: Uint8Array): void;
  dispose(): void;
}

/** How a step's worth is told. */
export const worthFields = {
  by: z
    .enum(['critic', 'any-action', ...(Object.keys(damages) as [DamageName, ...DamageName[]])])
    .default('critic')
    .meta({
      title: 'By',
      description:
        'How the damage is predicted: `critic`, what a learnt critic makes of what the attack would bring about; `any-action`, of the worst action there is, as published, within reach or not; a damage: what the known plant comes to over the hours ahead.',
    }),
  ahead: z.int().min(1).max(168).default(24).meta({
    title: 'Ahead',
    description: 'Steps that the known plant is rolled ahead, the controller unattacked from the second one on.',
  }),
  ...criticFields,
};

export type WorthOptions = z.output<z.ZodObject<typeof worthFields>>;

export function worthOf(options: WorthOptions): Worth {
  if (options.by === 'critic') return criticWorth(options, reachedActionCost());
  if (options.by === 'any-action') return criticWorth(options, anyActionCost());
  return plantWorth(options.by, options.ahead);
}
