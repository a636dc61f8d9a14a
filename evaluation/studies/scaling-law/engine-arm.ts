import { recordedPolicy } from '../../recorded-policy.ts';
import { estimateRobustness } from '../../robustness-estimate.ts';
import type { EstimateObjective, RobustnessEstimate } from '../../robustness-estimate.ts';
import { seedOf } from './law-arms.ts';
import type { ArmSetup } from './law-arms.ts';

/** What is kept of one policy: the estimate in the direction of either objective. */
export type EngineCell = Readonly<Record<EstimateObjective, RobustnessEstimate>>;

/** The error law of a shipped policy beside the testbed's own attack engine, on the same rows. */
export async function engineArm(model: string, { seed, size, workspace }: ArmSetup): Promise<EngineCell> {
  using policy = await recordedPolicy(seedOf(model, seed), 'Building_1', size.policyRows, workspace);
  const estimate = (objective: EstimateObjective): Promise<RobustnessEstimate> =>
    estimateRobustness(policy, { objective, stride: size.engineStride, seed });
  return { 'cross-entropy': await estimate('cross-entropy'), margin: await estimate('margin') };
}
