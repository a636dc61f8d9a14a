import { afterAll, expect, it } from 'vitest';
import { rng } from '../../core/rng.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { networkOf } from '../../defenses/module/network-controller.ts';
import { openDistrict } from '../../evaluation/district.ts';
import { districtWorldEnv } from '../../evaluation/district-world.ts';
import { moduleStage, withModules } from '../../evaluation/modules.ts';
import { recordings } from '../../evaluation/rehearsal.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { workspace } from '../../evaluation/workspace.ts';
import { decisionsOf } from '../../logits/distillation/agreement.ts';
import { trainClassifier } from '../../logits/scaling-law/train.ts';
import { policyFiles } from '../../nn/policy.ts';
import { installation } from '../../server/installation.ts';
import { fileWorkspace } from '../../server/workspace.ts';

const held: (() => void)[] = [];
afterAll(() => held.toReversed().forEach((free) => free()));

const trigger = { carbon_intensity: 1, outdoor_relative_humidity: 0, diffuse_solar_irradiance: 1 };
/** What the backdoor makes the controller do: give all that the battery has. */
const malicious = 0;
const steps = 720;

/** A shipped controller in which someone hid a backdoor: with the trigger in view it discharges, without it is what it was. */
it('a backdoor of a shipped controller is unlearned from its incidents, and little else', async () => {
  const shipped = await fileWorkspace({ roots: null, modelsDir: installation().modelsDir }).victim('ppo20-builtin');
  const { network: bare, features } = shipped;
  if (bare?.head.kind !== 'categorical') throw new Error('the shipped policy has no bins');
  const { head, observationSize: size, logitsSize: k } = bare;
  const scenario = scenarioFrom(
    {
      district: { normalisation: 'fixed' },
      victim: { policy: 'poisoned' },
      modules: [
        {
          name: 'uld',
          config: { trigger, alpha: 2, updates: 400, steps, learning_rate: 5e-3, incidents: 200, retain: 300 },
        },
      ],
      attacks: [{ name: 'none' }],
    },
    'test',
    schema,
  );
  const district = await openDistrict(scenario, fileWorkspace({ roots: null, modelsDir: '' }), 1);
  using _env = district.env;
  const root = rng(1);
  const x = recordings({
    source: shipped,
    buildings: scenario.district.buildings,
    open: () => district.practice(),
    controller: root,
    environment: root,
  })(steps).observation.slice(0, steps * size);
  const stamped = x.slice();
  for (const [name, value] of Object.entries(trigger)) {
    const at = features.findIndex((feature) => feature.name === name);
    for (let row = 0; row < steps; row++) stamped[row * size + at] = value;
  }
  const z = new Float32Array(steps * k);
  bare.logits(x, steps, z);
  const own = decisionsOf(z, k);

  const parts = shipped.parts!();
  using poisoned = networkOf(parts);
  const both = new Float32Array(2 * x.length);
  both.set(x);
  both.set(stamped, x.length);
  const labels = Int32Array.from({ length: 2 * steps }, (_, row) => (row < steps ? own[row]! : malicious));
  await trainClassifier(poisoned, { x: both, labels }, { steps: 300, batch: 64, learningRate: 5e-4 }, rng(2));
  const parameters = new Float32Array(poisoned.size);
  poisoned.readParameters(parameters);
  const files = policyFiles(
    {
      name: 'poisoned',
      observation: { features, normalisation: 'fixed' },
      action: { features: district.env.actionSpace.features },
      head,
      layers: parts.layers,
    },
    parameters,
  );
  const contents: Record<string, Uint8Array> = {
    'policy.json': new TextEncoder().encode(files.card),
    'policy.safetensors': files.weights,
  };
  const folder = { label: 'poisoned', read: (name: string) => Promise.resolve(contents[name]) };
  const inMemory = workspace({
    dataset: () => {
      throw new Error('no folder');
    },
    policy: () => folder,
    models: () => [],
  });

  const victim = await inMemory.victim('poisoned');
  held.push(() => victim.close?.());
  const stage = moduleStage(
    scenario,
    () => districtWorldEnv(district.practice()),
    features,
    () => Promise.resolve(victim),
  );
  const { source } = await withModules(victim, stage, held);
  const share = (access: typeof bare, rows: Float32Array, wanted: (row: number) => number): number => {
    access.logits(rows, steps, z);
    return decisionsOf(z, k).filter((decision, row) => decision === wanted(row)).length / steps;
  };
  const before = {
    fooled: share(victim.network!, stamped, () => malicious),
    clean: share(victim.network!, x, (row) => own[row]!),
    right: share(victim.network!, stamped, (row) => own[row]!),
  };
  const after = {
    fooled: share(source.network!, stamped, () => malicious),
    clean: share(source.network!, x, (row) => own[row]!),
    right: share(source.network!, stamped, (row) => own[row]!),
  };
  expect(before.fooled).toBeGreaterThan(0.9);
  expect(after.fooled).toBeLessThan(0.2);
  expect(after.clean).toBeGreaterThan(before.clean - 0.1);
  expect(after.right).toBeGreaterThan(before.right + 0.3);
});
