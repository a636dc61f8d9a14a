import type { ObservationAttack } from '../../core/attack.ts';
import type { Objective } from '../../core/victim.ts';
import { stepControl } from '../step/checkpoints.ts';
import type { Checkpoints } from '../step/checkpoints.ts';
import type { StepRule } from '../step/rule.ts';
import type { TargetSchedule } from '../target/schedule.ts';
import { gradientSearch } from './gradient-loop.ts';
import type { GradientSearch, Sweep } from './gradient-loop.ts';

/**
 * The frame of Auto-PGD and of the conjugate-gradient attacks: a first step of 2ε, halved for each row at checkpoints where it has stopped
 * climbing, back to the best point, which is what is kept. Source: Croce and Hein (2020), algorithm 1.
 * @param options `again`: a row at rest spends the gradients that it has left from a random point
 */
export function controlledSearch(
  options: Pick<GradientSearch, 'steps' | 'restarts' | 'start'> & { readonly again: boolean },
  parts: {
    readonly objective: Objective;
    readonly target: TargetSchedule;
    readonly checkpoints: Checkpoints;
    readonly step: StepRule;
    readonly sweep?: Sweep;
  },
): ObservationAttack {
  const { checkpoints, ...rest } = parts;
  const { steps, restarts, start, again } = options;
  return gradientSearch({
    ...rest,
    schedule: stepControl(checkpoints, 2),
    steps,
    restarts,
    start,
    keep: 'best',
    plateau: 'jump',
    atRest: again ? 'again' : 'wait',
    box: 'inside',
  });
}
