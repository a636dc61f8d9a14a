import { z } from 'zod';

/** How a learner reads its reward; shared by all learners, and off unless asked for. See `RewardShaping` and `RewardScale`. */
export const rewardOptions = {
  idleBaseline: z
    .boolean()
    .default(false)
    .describe(
      'Adds to each reward what the hour would have cost without a battery: not of the agent’s making, so noise (not in SB3).',
    ),
  storedEnergyValue: z
    .number()
    .default(0)
    .describe(
      'Potential-based shaping: reward units that a full battery counts for; 0: none. It does not move the optimum (not in SB3).',
    ),
  normaliseReward: z
    .boolean()
    .default(false)
    .describe('Divides rewards by the running deviation of the return (SB3 does so only under VecNormalize).'),
};
