import type { LayerSpec } from '../../core/policy.ts';
import type { Rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import type { Network } from '../../nn/network.ts';
import { behind } from '../normalize-option.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';

/** A network with PyTorch's default weights, as the off-policy learners of Stable-Baselines3 begin with. */
export function freshNetwork(
  layers: readonly LayerSpec[],
  rng: Rng,
  statistics: ObservationStatistics | undefined,
): Network {
  const network = createNetwork(layers);
  initialise(network, rng, { kind: 'torch-linear' });
  return behind(statistics, network);
}
