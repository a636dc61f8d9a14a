/**
 * Writes the table of KPIs by profile in docs/profiles.md between its markers: one dataset, one controller, every profile.
 *
 *     npx tsx docs/table-profiles.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { scenarioFrom } from '../core/scenario.ts';
import { simulate } from '../evaluation/simulate.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { folderReader } from '../server/folder-reader.ts';
import { readCityLearnFolder } from '../sim/data/citylearn-folder.ts';
import type { District } from '../sim/data/dataset.ts';
import { defectNames, profiles } from '../sim/district/profile.ts';

const cases = [
  { dataset: 'citylearn_challenge_2022_phase_1', controller: 'BasicBatteryRBC' },
  { dataset: 'citylearn_challenge_2023_phase_1', controller: 'BasicRBC' },
] as const;

/** What each KPI goes by, release by release. */
const rows: readonly (readonly [label: string, names: readonly string[]])[] = [
  ['consumption', ['electricity_consumption_total', 'electricity_consumption']],
  ['cost', ['cost_total', 'cost']],
  ['carbon', ['carbon_emissions_total', 'carbon_emissions']],
  ['zero net energy', ['zero_net_energy']],
  ['ramping', ['ramping_average', 'ramping']],
  ['daily peak', ['daily_peak_average', 'average_daily_peak']],
  ['largest peak', ['all_time_peak_average', 'annual_peak_average', 'peak_demand']],
  ['1 − load factor, monthly', ['monthly_one_minus_load_factor_average', '1 - load_factor']],
  ['discomfort', ['discomfort_proportion']],
];

function kpis(district: District, controller: string, profile: string, repair: readonly string[]): Map<string, number | null> {
  const scenario = scenarioFrom({ district: { dataset: 'given', profile, repair, reward: 'dataset' } }, 'table', schema);
  const running = simulate({ scenario, district, actions: controller, seed: 0 });
  for (;;) {
    const next = running.next();
    if (next.done)
      return new Map(
        next.value.kpis.filter(({ level }) => level === 'district').map(({ costFunction, value }) => [costFunction, value]),
      );
  }
}

const runs = [
  ...Object.keys(profiles).map((profile) => ({ title: profile, profile, repair: [] as readonly string[] })),
  { title: 'head, repaired', profile: 'head', repair: defectNames.filter((name) => profiles.head.defects[name]) },
];
const sections: string[] = [];
for (const { dataset, controller } of cases) {
  const district = await readCityLearnFolder(folderReader(`../shared/datasets/${dataset}`));
  const dynamic = district.buildings.some((building) => building.dynamics !== null);
  const own = runs.filter(({ profile }) => !dynamic || profile !== 'v1');
  const values = own.map(({ profile, repair }) => kpis(district, controller, profile, repair));
  const lines = rows.map(([label, names]) => {
    const cells = values.map((one) => {
      const value = names.map((name) => one.get(name)).find((found) => found !== undefined);
      return value === undefined || value === null ? '–' : value.toFixed(4);
    });
    return `| ${label} | ${cells.join(' | ')} |`;
  });
  sections.push(
    `\`${dataset}\`, ${controller}, district:\n\n| | ${own.map(({ title }) => title).join(' | ')} |\n|---|${own.map(() => '---:').join('|')}|\n${lines.join('\n')}`,
  );
}
const page = `${import.meta.dirname}/profiles.md`;
const text = readFileSync(page, 'utf8');
const [begin, end] = ['<!-- table: kpis by profile -->', '<!-- end of table -->'];
const head = text.slice(0, text.indexOf(begin));
const tail = text.slice(text.indexOf(end));
writeFileSync(page, `${head}${begin}\n\n${sections.join('\n\n')}\n\n${tail}`);
