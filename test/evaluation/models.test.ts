import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scenarioFrom } from '../../core/scenario.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { runEvents } from '../../evaluation/run.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { systemClock } from '../../server/clock.ts';
import { fileWorkspace } from '../../server/workspace.ts';

const modelsDir = join(import.meta.dirname, '..', '..', 'models');
const names = readdirSync(modelsDir).filter((name) => existsSync(join(modelsDir, name, 'policy.json')));

interface Card {
  readonly name: string;
  readonly algorithm: string;
  readonly seed: number;
  readonly dataHash: string;
  readonly codeHash: string;
  readonly district: { readonly buildings: readonly string[]; readonly normalisation: string };
  readonly speed: { readonly stepsPerSecond: number; readonly gradientStepsPerSecond: number };
  readonly clean: Readonly<Record<string, number>>;
}

describe('shipped models', () => {
  it('are one of each kind', () => {
    expect(names).toEqual(
      expect.arrayContaining(
        ['dqn', 'ppo', 'ppo20', 'sac'].flatMap((recipe) =>
          ['', '-seed1', '-seed2'].map((seed) => `${recipe}-builtin${seed}`),
        ),
      ),
    );
  });

  it.each(names)('%s does on the built-in district what its card says, and is worth attacking', async (name) => {
    const folder = join(modelsDir, name);
    const card = JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')) as Card;
    expect(card.name).toBe(name);
    expect(card.speed.stepsPerSecond).toBeGreaterThan(0);
    expect(card.speed.gradientStepsPerSecond).toBeGreaterThan(0);
    expect(readFileSync(join(folder, 'curve.csv'), 'utf8').split('\n').length).toBeGreaterThan(5);
    expect(readdirSync(folder).reduce((bytes, file) => bytes + statSync(join(folder, file)).size, 0)).toBeLessThan(2e6);
    const scenario = scenarioFrom(
      {
        victim: { policy: name },
        district: { buildings: card.district.buildings, normalisation: card.district.normalisation },
        attacks: [{ name: 'none' }],
      },
      'test',
      schema,
    );
    for await (const event of runEvents(scenario, fileWorkspace({ roots: [], modelsDir }), {
      clock: systemClock,
      commands: commandQueue(),
      versions: {},
      codeHash: '',
    })) {
      if (event.type !== 'finished') continue;
      expect(event.result.hashes.data).toBe(card.dataHash);
      const { kpis } = event.result.lanes[0]!;
      for (const [kpi, value] of Object.entries(kpis)) expect(value, kpi).toBeCloseTo(card.clean[kpi]!, 9);
      expect(kpis['electricity_consumption_total']).toBeLessThan(0.75); // a greedy rule reaches 0.65 here, idle is 1
    }
  });
});
