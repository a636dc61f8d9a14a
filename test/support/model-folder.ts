import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { smallPolicy } from './small-policy.ts';

/** A models folder with one small random PPO policy, as `small-ppo` or by other names: every part of the path from file to victim is the real thing. */
export async function writeModels(folder: string, names: readonly string[] = ['small-ppo']): Promise<string> {
  const policy = smallPolicy('categorical');
  for (const name of ['policy.json', 'policy.safetensors']) {
    const bytes = await policy.read(name);
    if (bytes === undefined) throw new Error(`the small policy has no ${name}`);
    for (const model of names) {
      mkdirSync(join(folder, model), { recursive: true });
      writeFileSync(join(folder, model, name), bytes);
    }
  }
  return folder;
}

/** A short scenario on `small-ppo`, as a launch form would send it. */
export function smallScenario(overrides: {
  readonly name?: string;
  readonly steps?: number;
  readonly frameSteps?: number;
  readonly stepsPerSecond?: number | null;
  readonly attack?: Readonly<Record<string, unknown>>;
}): Readonly<Record<string, unknown>> {
  return {
    name: overrides.name ?? 'small',
    district: { normalisation: 'fixed', steps: overrides.steps ?? 48 },
    victim: { policy: 'small-ppo' },
    attacks: [overrides.attack ?? { name: 'bifurcation', config: { steps: 2 } }],
    live: { frameSteps: overrides.frameSteps ?? 8, stepsPerSecond: overrides.stepsPerSecond ?? null },
  };
}
