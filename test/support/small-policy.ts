import { rng } from '../../core/rng.ts';
import type { Head } from '../../core/policy.ts';
import type { FolderReader } from '../../sim/data/dataset.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { policyFiles } from '../../nn/policy.ts';
import { builtinDistrict } from '../../sim/data/builtin/index.ts';
import { districtEnv } from '../../sim/district/district-env.ts';
import { profiles } from '../../sim/district/profile.ts';

/** A random policy for the built-in district with the features it really has: small, but every part is the real thing. */
export function smallPolicy(kind: 'categorical' | 'squashed-gaussian', seed = 1): FolderReader {
  const env = districtEnv({
    district: builtinDistrict(),
    lanes: [{ building: 0 }],
    profile: profiles['v2.0'],
    reward: 'RewardFunction',
    normalisation: 'fixed',
  });
  const bound = env.laneActions(0)[0]!.high;
  const head: Head =
    kind === 'categorical'
      ? { kind, values: Array.from({ length: 20 }, (_, i) => -bound + (2 * bound * i) / 19) }
      : { kind, low: [-bound], high: [bound] };
  const outputs = kind === 'categorical' ? 20 : 2;
  const layers = [
    { inputs: 31, outputs: 16, activation: 'tanh' },
    { inputs: 16, outputs, activation: 'linear' },
  ] as const;
  using network = createNetwork(layers);
  initialise(network, rng(seed), { kind: 'orthogonal', outputGain: 1 });
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  const files = policyFiles(
    {
      name: `small-${kind}`,
      observation: { features: env.observationSpace.features, normalisation: 'fixed' },
      action: { features: env.actionSpace.features },
      head,
      layers,
    },
    parameters,
  );
  const contents: Record<string, Uint8Array> = {
    'policy.json': new TextEncoder().encode(files.card),
    'policy.safetensors': files.weights,
  };
  return { label: `small-${kind}`, read: (name) => Promise.resolve(contents[name]) };
}
