import type { LayerSpec } from '../../core/policy.ts';
import type { Rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import type { LearnerSpaces } from '../learner.ts';
import { hiddenWidths } from '../network-options.ts';
import type { NetArch } from '../network-options.ts';
import { behind } from '../normalize-option.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';
import type { OffPolicyConfig } from './options.ts';

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

/** An actor for `squashedHead`: mean ‖ log deviation of every action component. */
export function freshActor(
  {
    net_arch: arch,
    activation_fn: activation,
  }: Pick<OffPolicyConfig, 'activation_fn'> & { readonly net_arch: NetArch },
  { observationSpace, actionSpace }: LearnerSpaces,
  rng: Rng,
  statistics: ObservationStatistics | undefined,
): Network {
  const widths = [observationSpace.features.length, ...hiddenWidths(arch, 'pi'), 2 * actionSpace.features.length];
  return freshNetwork(mlp(widths, activation), rng.split('actor'), statistics);
}
