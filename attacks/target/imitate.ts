import { z } from 'zod';
import type { AttackContext } from '../../core/attack.ts';
import { ShapeError, StateError } from '../../core/errors.ts';
import type { DecisionAccess, Goal } from '../../core/victim.ts';
import type { TargetSchedule } from './schedule.ts';

/** Another controller, whose actions are forced on the victim. */
export const imitateSpec = z
  .strictObject({
    imitate: z
      .string()
      .min(1)
      .meta({ title: 'Imitate', description: 'A shipped model, a policy folder or a rule: its action is forced.' }),
  })
  .meta({
    title: 'Imitate',
    description: 'Makes the victim do what another controller would: a learned adversary, a rule.',
  });

/**
 * Forces what another controller does on the clean observation. It is asked once a step and lane, since it may keep a count, and not metered: it
 * is the attacker's own.
 */
export function imitate({ imitate: name }: z.output<typeof imitateSpec>): TargetSchedule {
  let other: DecisionAccess | undefined;
  // By lane: the step and the observation that it was asked last for, and what it said.
  let step = new Int32Array(0);
  let x = new Float32Array(0);
  let said = new Float64Array(0);

  /** Copies what the lanes were told at this step; false where one of them has not asked yet. */
  const recall = (rows: number, { step: now, of }: AttackContext, goal: Goal): boolean => {
    const size = goal.x.length / rows;
    const actions = goal.action.length / rows;
    for (let r = 0; r < rows; r++) {
      const lane = of?.[r] ?? r;
      if (!(lane < step.length) || step[lane] !== now) return false;
      for (let j = 0; j < size; j++) if (!Object.is(x[lane * size + j], goal.x[r * size + j])) return false;
      for (let b = 0; b < actions; b++) goal.action[r * actions + b] = said[lane * actions + b]!;
    }
    return true;
  };
  const remember = (rows: number, { step: now, of }: AttackContext, goal: Goal): void => {
    const size = goal.x.length / rows;
    const actions = goal.action.length / rows;
    for (let r = 0; r < rows; r++) {
      const lane = of?.[r] ?? r;
      if (lane >= step.length) {
        const lanes = Math.max(rows, lane + 1);
        step = grown(new Int32Array(lanes).fill(-1), step);
        x = grown(new Float32Array(lanes * size), x);
        said = grown(new Float64Array(lanes * actions), said);
      }
      step[lane] = now;
      for (let j = 0; j < size; j++) x[lane * size + j] = goal.x[r * size + j]!;
      for (let b = 0; b < actions; b++) said[lane * actions + b] = goal.action[r * actions + b]!;
    }
  };
  return {
    sided: false,
    policies: [name],
    prepare(rehearsal) {
      other = rehearsal.policy?.(name);
      step.fill(-1);
    },
    aim(rows, context, goal) {
      if (other === undefined)
        throw new StateError(`target 'imitate': '${name}' was not given; an attack is prepared first`);
      if (other.actionSize * rows !== goal.action.length)
        throw new ShapeError(
          `target 'imitate': '${name}' has ${other.actionSize} actions, the victim ${goal.action.length / rows}`,
        );
      if (recall(rows, context, goal)) return;
      other.decide(goal.x, rows, goal.action, context.of);
      remember(rows, context, goal);
    },
  };
}

function grown<Values extends Int32Array | Float32Array | Float64Array>(larger: Values, values: Values): Values {
  larger.set(values);
  return larger;
}
