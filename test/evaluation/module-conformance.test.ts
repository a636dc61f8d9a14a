import { afterAll, describe, expect, it } from 'vitest';
import { rng } from '../../core/rng.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import type { GradientAccess, Objective } from '../../core/victim.ts';
import { modules } from '../../defenses/module/index.ts';
import type { ModuleName } from '../../defenses/module/index.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { openDistrict } from '../../evaluation/district.ts';
import { districtWorldEnv } from '../../evaluation/district-world.ts';
import { withModules } from '../../evaluation/modules.ts';
import { recordings } from '../../evaluation/rehearsal.ts';
import { runEvents } from '../../evaluation/run.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { installation } from '../../server/installation.ts';
import { fileWorkspace } from '../../server/workspace.ts';

/** Options with which a module is small, and those with which it does nothing; what it needs is of the victim's kind. */
const cases: Record<ModuleName, { readonly small: object; readonly off: object }> = {
  steer: {
    small: { base: '$other', gamma: 0.5, eta: 0.2, steps: 96, attack_steps: 2, unsafe: 8 },
    off: { base: '$other', gamma: 0, eta: 0 },
  },
  amu: {
    small: { auxiliary: '$other', alpha: 1, steps: 96, attack_steps: 2, epochs: 3, shots: 4 },
    off: { auxiliary: '$other', alpha: 0 },
  },
  uld: { small: { alpha: 2, steps: 200, attack_steps: 3, updates: 20, epsilon: 0.1 }, off: { alpha: 0 } },
  irepo: {
    small: { days: 3, responses: 2, iterations: 1, updates: 4, batch: 2, steps: 200, learning_rate: 1e-3 },
    off: { strength: 0 },
  },
  dhkd: { small: { hidden: [32], steps: 200, epochs: 2, epsilon: 0.02, attack_steps: 1 }, off: { alpha: 0 } },
  entropy: {
    small: { lambda: 0.5, steps: 200, updates: 12, batch: 32, epsilon: 0.02, attack_steps: 1 },
    off: { lambda: 0, epsilon: 0 },
  },
};

/** The shipped policies of alternatives, by kind, each with another of its kind. */
const victims = { 'ppo20-builtin': 'ppo20-builtin-seed1', 'dqn-builtin': 'dqn-builtin-seed1' } as const;

const workspace = fileWorkspace({ roots: null, modelsDir: installation().modelsDir });
const held: (() => void)[] = [];
afterAll(() => {
  for (const free of held.toReversed()) free();
});

function scenarioOf(policy: keyof typeof victims, name: ModuleName, which: 'small' | 'off') {
  const config = JSON.parse(JSON.stringify(cases[name][which]).replaceAll('$other', victims[policy])) as object;
  const pgd = { name: 'pgd', config: { steps: 3 } };
  return scenarioFrom(
    {
      seed: 7,
      district: { normalisation: 'fixed', steps: 24 },
      victim: { policy },
      modules: [{ name, config }],
      attacks: [{ name: 'square', config: { queryBudget: 20 } }, pgd],
    },
    name,
    schema,
  );
}

/** The victim with the module around it, and rows that it sees. */
async function wrapped(
  policy: keyof typeof victims,
  name: ModuleName,
): Promise<{ access: GradientAccess; x: Float32Array }> {
  const scenario = scenarioOf(policy, name, 'small');
  const bare = await workspace.victim(policy);
  const district = await openDistrict(scenario, workspace, 1);
  using env = district.env;
  const root = rng(scenario.seed);
  const stage = {
    buildings: scenario.district.buildings,
    open: () => districtWorldEnv(district.practice()),
    controller: root.split('controller'),
    environment: root.split('environment'),
  };
  const { features } = env.observationSpace;
  const tell = (): Promise<void> => Promise.resolve();
  const victim = (other: string) => workspace.victim(other);
  const place = { ...stage, scenario, features, rng: root.split('modules'), victim, tell };
  const { source } = await withModules(bare, place, held);
  const { observation } = recordings({ ...stage, source: bare })(40);
  return { access: source.network!, x: observation.slice(0, 12 * features.length) };
}

/** A random linear function of the logits. */
function covector(direction: Float32Array): Objective {
  return {
    name: 'covector',
    check: () => undefined,
    evaluate(_head, logits, _goal, rows, value, gradient) {
      const k = logits.length / rows;
      for (let row = 0; row < rows; row++) {
        value[row] = 0;
        for (let i = 0; i < k; i++) {
          value[row]! += direction[i]! * logits[row * k + i]!;
          gradient[row * k + i] = direction[i]!;
        }
      }
    },
  };
}

describe.each(Object.keys(modules) as ModuleName[])('module %s', (name) => {
  describe.each(Object.keys(victims) as (keyof typeof victims)[])('around %s', (policy) => {
    it('has the gradient of what it decides by, and rows that do not depend on those beside them', async () => {
      const { access, x } = await wrapped(policy, name);
      const { observationSize: size, logitsSize: k } = access;
      const rows = x.length / size;
      const stream = rng(3);
      const objective = covector(Float32Array.from({ length: k }, () => stream.normal()));
      const goal = { x, clean: new Float32Array(rows * k), side: new Int8Array(rows), action: new Float64Array(rows) };
      const value = new Float32Array(rows);
      const gradient = new Float32Array(rows * size);
      access.valueAndGradient({ objective, goal }, x, rows, value, gradient);
      const valueAt = (shown: Float32Array): Float32Array => {
        const out = new Float32Array(rows);
        access.valueAndGradient({ objective, goal }, shown, rows, out, new Float32Array(rows * size));
        return out;
      };
      const step = 2e-3;
      const errors: number[] = [];
      for (let probe = 0; probe < 6; probe++) {
        const way = Float32Array.from({ length: x.length }, () => stream.normal() / Math.sqrt(size));
        const [up, down] = [1, -1].map((side) => valueAt(x.map((v, i) => v + side * step * way[i]!))) as [
          Float32Array,
          Float32Array,
        ];
        for (let row = 0; row < rows; row++) {
          let slope = 0;
          for (let i = row * size; i < (row + 1) * size; i++) slope += gradient[i]! * way[i]!;
          const measured = (up[row]! - down[row]!) / (2 * step);
          errors.push(Math.abs(slope - measured) / Math.max(Math.abs(slope), 0.3));
        }
      }
      // Between the two points there may be kinks, of ReLUs or of a filter, which have two slopes.
      errors.sort((a, b) => a - b);
      expect(errors[Math.floor(0.5 * errors.length)]).toBeLessThan(0.01);
      expect(errors[Math.floor(0.9 * errors.length)]).toBeLessThan(0.05);
      const together = new Float32Array(rows * k);
      access.logits(x, rows, together);
      const alone = new Float32Array(k);
      for (let row = 0; row < rows; row++) {
        access.logits(x.subarray(row * size, (row + 1) * size), 1, alone);
        expect([...alone]).toEqual([...together.subarray(row * k, (row + 1) * k)]);
      }
    });

    it('runs in the closed loop under attacks by gradient and by score, and says what it did', async () => {
      const results = [];
      for (const which of ['small', 'off'] as const) {
        const clock = { now: () => 0, sleep: () => Promise.resolve() };
        const options = { clock, commands: commandQueue(), versions: {}, codeHash: 'test' };
        let last;
        for await (const event of runEvents(scenarioOf(policy, name, which), workspace, options)) last = event;
        if (last?.type !== 'finished') throw new Error(`the run ended with ${last?.type}`);
        results.push(last.result);
      }
      const [on, off] = results as [(typeof results)[number], (typeof results)[number]];
      expect(on.modules![0]).toMatchObject({ name, applied: true });
      expect(Object.values(on.modules![0]!.figures).every(Number.isFinite)).toBe(true);
      expect(off.modules![0]).toMatchObject({ name, applied: false, strength: 0 });
      expect(on.hashes.model).not.toBe(off.hashes.model);
      expect(on.checks.filter((check) => check.name.startsWith('threat-set') && !check.passed)).toEqual([]);
      expect(on.lanes.map(({ steps }) => steps)).toEqual([24, 24, 24]);
    });
  });
});
