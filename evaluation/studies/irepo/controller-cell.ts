import { rng } from '../../../core/rng.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { Workspace } from '../../workspace.ts';
import { contest } from './contest.ts';
import type { ContestFigures, ContestSize } from './contest.ts';
import { controller, scheduleWorth } from './controller.ts';
import type { ControllerDifficulty, ScheduleWorth } from './controller.ts';
import { daysOf, ground } from './schedule.ts';

export interface ControllerSize extends ContestSize {
  /** The shipped controller that the reference imitates. */
  readonly policy: string;
  readonly difficulty: ControllerDifficulty;
  /** How often every day is a prompt in an iteration. */
  readonly repeats: number;
  /** Schedules drawn for each day that measures. */
  readonly schedules: number;
}

/** Operators' preferences over schedules of a day, by everyone in the contest. */
export async function controllerCell(
  tf: Tensorflow,
  workspace: Workspace,
  seed: number,
  size: ControllerSize,
  progress: (done: number) => void,
): Promise<ContestFigures<ScheduleWorth>> {
  const random = rng(seed).split('irepo controller');
  const source = await workspace.victim(size.policy);
  try {
    const place = await ground(source, workspace);
    const days = daysOf(place.days);
    using problem = await controller(tf, place, days.train, size.difficulty, random.split('problem'));
    return await contest(
      tf,
      {
        reference: problem.reference,
        begin: () => problem.reference.copy(),
        panel: problem.panel,
        prompts: Array.from({ length: size.repeats }, () => days.train).flat(),
        measure: (policy, on) =>
          scheduleWorth(problem, policy, days[on], size.schedules, size.options.beta, random.split(on)),
      },
      size,
      random.split('align'),
      progress,
    );
  } finally {
    source.close?.();
  }
}
