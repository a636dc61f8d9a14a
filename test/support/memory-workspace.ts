import { ConfigError } from '../../core/errors.ts';
import { workspace } from '../../evaluation/workspace.ts';
import type { Workspace } from '../../evaluation/workspace.ts';
import { smallPolicy } from './small-policy.ts';

/** The built-in district and two small policies, without a file. */
export function memoryWorkspace(): Workspace {
  const policies = { 'small-ppo': smallPolicy('categorical'), 'small-sac': smallPolicy('squashed-gaussian') };
  return workspace({
    dataset: (name) => {
      throw new ConfigError(`no dataset '${name}' in this test`);
    },
    policy: (name) => (Object.hasOwn(policies, name) ? policies[name as keyof typeof policies] : undefined),
    models: () => Object.keys(policies),
  });
}
