import { recordedPolicy } from '../../recorded-policy.ts';
import { estimateRobustness } from '../../robustness-estimate.ts';
import type { RobustnessEstimate } from '../../robustness-estimate.ts';
import { seedOf } from './law-arms.ts';
import type { ArmSetup } from './law-arms.ts';

/** The error law of a shipped policy beside the testbed's own attack engine, on the same rows. */
export async function engineArm(model: string, { seed, size, workspace }: ArmSetup): Promise<RobustnessEstimate> {
  using policy = await recordedPolicy(seedOf(model, seed), 'Building_1', size.policyRows, workspace);
  return await estimateRobustness(policy, { stride: size.engineStride, seed });
}
