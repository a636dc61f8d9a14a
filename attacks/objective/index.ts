import { z } from 'zod';
import type { Objective } from '../../core/victim.ts';
import { actionDistance, executedActionDistance } from './action-distance.ts';
import { auto } from './auto.ts';
import { crossEntropy } from './cross-entropy.ts';
import { dlr } from './dlr.ts';
import { groupedMargin } from './grouped-margin.ts';
import { margin } from './margin.ts';
import { paperGroupedMargin, paperUntargeted, paperUntargetedContinuous, paperUntargetedDiscrete } from './paper.ts';

/** What a gradient attack can maximise, by name. Those named `paper-…` are replicas of published defects. */
export const objectives = {
  auto,
  'cross-entropy': crossEntropy,
  margin,
  dlr,
  'grouped-margin': groupedMargin,
  'action-distance': actionDistance,
  'executed-action-distance': executedActionDistance,
  'paper-untargeted': paperUntargeted,
  'paper-untargeted-continuous': paperUntargetedContinuous,
  'paper-untargeted-discrete': paperUntargetedDiscrete,
  'paper-grouped-margin': paperGroupedMargin,
} satisfies Record<string, Objective>;

export type ObjectiveName = keyof typeof objectives;

/** An objective by its name. */
export const objectiveSpec = z.enum(Object.keys(objectives) as [ObjectiveName, ...ObjectiveName[]]);

/** The objective that a specification stands for. */
export function objectiveOf(spec: z.output<typeof objectiveSpec>): Objective {
  return objectives[spec];
}
