import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { controllers } from '../../../agents/index.ts';
import type { ControllerName } from '../../../agents/index.ts';
import { rng } from '../../../core/rng.ts';
import { folderReader } from '../../../server/folder-reader.ts';
import { readCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import { districtEnv } from '../../../sim/district/district-env.ts';
import { kpiMeter } from '../../../sim/district/kpi.ts';
import { profiles } from '../../../sim/district/profile.ts';

const dataset = '../shared/datasets/citylearn_challenge_2022_phase_2';
const golden = '../shared/golden/citylearn/v2.0.0/citylearn_challenge_2022_phase_2.Building_6/kpis.json';

describe.skipIf(!existsSync(dataset) || !existsSync(golden))('rules on a real year (needs ../shared)', () => {
  async function year(name: ControllerName) {
    const profile = profiles['v2.0'];
    const district = await readCityLearnFolder(folderReader(dataset), { buildings: ['Building_6'] });
    const env = districtEnv({
      district,
      lanes: [{ building: 0 }],
      profile,
      reward: 'RewardFunction',
      normalisation: 'citylearn-2.0.0',
    });
    const controller = controllers[name].make({})(env.observationSpace, env.actionSpace, rng(0));
    const action = new Float64Array(1);
    const meter = kpiMeter(env.lane(0).model, env.firstWindow);
    let over = false;
    env.tap((_lane, hours, at, _t, row) => {
      if (!over) meter.push(hours, at, row);
    });
    let { observation } = env.reset(rng(0));
    for (let step = 0; step < env.episodeSteps; step++) {
      controller.decide(observation, 1, action);
      ({ observation } = env.step(action));
    }
    over = true;
    return meter.values();
  }

  it.each([
    ['idle', 'zero'],
    ['rule-based', 'hour_rbc'],
    ['bang-bang', 'bang_bang20'],
  ] as const)('%s gives the KPIs of CityLearn 2.0.0', async (name, policy) => {
    const expected = JSON.parse(readFileSync(golden, 'utf8')) as Record<
      string,
      { readonly kpis: Record<string, number> }
    >;
    const own = await year(name);
    const values = expected[policy]!.kpis;
    for (const kpi of ['electricity_consumption_total', 'ramping_average', 'cost_total'] as const)
      expect(own[kpi]! / values[kpi]!).toBeCloseTo(1, 8); // the recorded actions were float32
  });

  it('greedy self-consumption beats the hour rule', async () => {
    expect((await year('self-consumption'))['electricity_consumption_total']!).toBeLessThan(0.905);
  });
});
