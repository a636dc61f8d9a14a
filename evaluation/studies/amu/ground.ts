import { ConfigError } from '../../../core/errors.ts';
import type { Workspace } from '../../workspace.ts';

/** A building and the controller that runs it. */
interface Site {
  readonly building: string;
  readonly policy: string;
}

/** Who is where: buildings that are known, and one that is new. */
interface Ground {
  readonly dataset: string;
  readonly sources: readonly Site[];
  readonly target: Site;
}

/** How many buildings are known. */
const known = 3;
/** Shipped controllers, one a building: that of the new one is of a kind that no known building has. */
const controllers = ['ppo-builtin', 'sac-builtin', 'ppo20-builtin', 'dqn-builtin'];

/**
 * The last three buildings of a dataset are known, in every seed, and what the difficulty was set on; the others in turn are new.
 * @throws {ConfigError} for a dataset of fewer than four buildings.
 */
export async function groundOf(seed: number, workspace: Workspace, dataset: string): Promise<Ground> {
  const names = (await workspace.dataset(dataset, [])).buildings.map(({ name }) => name);
  if (names.length <= known)
    throw new ConfigError(
      `dataset '${dataset}' has ${names.length} buildings, expected ${known} known ones and a new one`,
    );
  const unknown = names.slice(0, -known);
  const own = seed % controllers.length;
  const others = controllers.filter((_, i) => i !== own);
  return {
    dataset,
    sources: names.slice(-known).map((building, i) => ({ building, policy: others[i]! })),
    target: { building: unknown[seed % unknown.length]!, policy: controllers[own]! },
  };
}
