import { z } from 'zod';
import type { Objective } from '../../core/victim.ts';
import { actionDistance, executedActionDistance } from './action-distance.ts';
import { auto } from './auto.ts';
import { crossEntropy } from './cross-entropy.ts';
import { dlr } from './dlr.ts';
import { expectedAction } from './expected-action.ts';
import { expressionObjective, expressionSpec } from './expression/index.ts';
import { groupPartition, groupsSpec } from './group-partition.ts';
import { groupedMargin } from './grouped-margin.ts';
import { kl } from './kl.ts';
import { margin } from './margin.ts';
import { paperGroupedMargin, paperUntargeted, paperUntargetedContinuous, paperUntargetedDiscrete } from './paper.ts';
import { logSumExp } from './soft-side.ts';

/** What a gradient attack can maximise, by name. Those named `paper-…` are replicas of published defects. */
export const objectives = {
  auto,
  'cross-entropy': crossEntropy,
  margin,
  dlr,
  'grouped-margin': groupedMargin,
  'log-sum-exp': logSumExp,
  'expected-action': expectedAction,
  kl,
  'action-distance': actionDistance,
  'executed-action-distance': executedActionDistance,
  'paper-untargeted': paperUntargeted,
  'paper-untargeted-continuous': paperUntargetedContinuous,
  'paper-untargeted-discrete': paperUntargetedDiscrete,
  'paper-grouped-margin': paperGroupedMargin,
} satisfies Record<string, Objective>;

export type ObjectiveName = keyof typeof objectives;

/** An objective by its name, the grouped margin over groups of one's own, or an expression. */
export const objectiveSpec = z.union([
  z.enum(Object.keys(objectives) as [ObjectiveName, ...ObjectiveName[]]),
  groupsSpec,
  expressionSpec,
]);

/** The objective that a specification stands for. */
export function objectiveOf(spec: z.output<typeof objectiveSpec>): Objective {
  if (typeof spec === 'string') return objectives[spec];
  return 'groups' in spec ? groupPartition(spec) : expressionObjective(spec);
}
