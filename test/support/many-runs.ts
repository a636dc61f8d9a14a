import { join } from 'node:path';
import type { RunResult } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { openSqlite } from '../../server/sqlite.ts';
import { Store } from '../../server/store.ts';
import { smallScenario } from './model-folder.ts';

/** Writes so many runs that are over into a store's catalogue, with results and figures and without telemetry: `run 0` is the oldest. */
export function writeManyRuns(folder: string, count: number): void {
  new Store(folder, 0)[Symbol.dispose]();
  using database = openSqlite(join(folder, 'lab.db'));
  const run = database.prepare(
    `insert into run(id, name, state, scenario, seed, created_at, started_at, ended_at, head_step, total_steps, result, search, compacted)
     values (?, ?, ?, ?, ?, ?, ?, ?, 168, 168, ?, ?, 1)`,
  );
  const figure = database.prepare(
    'insert into figure(metric, run_id, count, mean, std, min, max) values (?, ?, 1, ?, null, ?, ?)',
  );
  const sketch = database.prepare('insert into sketch(metric, run_id, points) values (?, ?, ?)');
  const metric = 'regret.electricity_consumption_total';
  database.transaction(() => {
    for (let i = 0; i < count; i++) {
      const id = `${String(i).padStart(8, '0')}-many`;
      const attack = i % 3 === 0 ? 'pgd' : 'bifurcation';
      const scenario = scenarioFrom(
        { ...smallScenario({ name: `run ${i}` }), seed: i % 10, attacks: [{ name: attack }] },
        'test',
        schema,
      );
      const regret = Math.sin(i) ** 2 / 10;
      const lane = { building: 'Building_1', steps: 168, return: -1 - regret };
      const kpis = { electricity_consumption_total: 1 };
      const result = {
        format: 'faultline-result',
        version: 1,
        lanes: [
          { ...lane, lane: 'Building_1/clean', attack: 'clean', kpis },
          {
            ...lane,
            lane: `Building_1/${attack}`,
            attack,
            kpis: { electricity_consumption_total: 1 + regret },
            regret: { electricity_consumption_total: regret },
          },
        ],
      } as unknown as RunResult;
      const failed = i % 50 === 7;
      const at = 1_700_000_000_000 + 60_000 * i;
      run.run(
        id,
        scenario.name,
        failed ? 'failed' : 'done',
        JSON.stringify(scenario),
        scenario.seed,
        at,
        at,
        at + 9000,
        failed ? null : JSON.stringify(result),
        `run ${i}\nsmall-ppo\nbuiltin\nbuilding_1\n${attack}`,
      );
      if (failed) continue;
      figure.run(metric, id, regret, regret, regret);
      sketch.run(metric, id, JSON.stringify(Array.from({ length: 24 }, (_, k) => regret * Math.sqrt(k / 23))));
    }
  });
}
