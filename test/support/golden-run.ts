import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { scenarioFrom } from '../../core/scenario.ts';
import { simulate } from '../../evaluation/simulate.ts';
import type { ActionTable, Simulation } from '../../evaluation/simulate.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { folderReader } from '../../server/folder-reader.ts';
import { readCityLearnFolder } from '../../sim/data/citylearn-folder.ts';
import type { District } from '../../sim/data/dataset.ts';
import { sharedPath } from './shared.ts';

/** One of CityLearn's own runs in the shared folder. */
export interface GoldenRun {
  /** `v1.8.0`, `v2.3.1`, `head` */
  readonly release: string;
  readonly dataset: string;
  readonly policy: string;
  /** Where its files begin: `<folder>/<policy>`. */
  readonly stem: string;
  readonly meta: GoldenMeta;
}

export interface GoldenMeta {
  readonly T: number;
  readonly dataset: string;
  readonly shared_observations: readonly string[];
  readonly series_dtypes: Readonly<Record<string, string>>;
  readonly observation_dtypes: Readonly<Record<string, string>>;
  readonly buildings: readonly {
    readonly name: string;
    readonly actions: readonly string[];
    readonly action_low: readonly number[];
    readonly action_high: readonly number[];
    readonly observations: readonly string[];
  }[];
}

const profiles: Readonly<Record<string, string>> = { 'v1.8.0': 'v1', 'v2.3.1': 'v2.3', head: 'head' };

export function goldenRun(release: string, dataset: string, policy: string): GoldenRun {
  const folder = sharedPath(`golden/citylearn/${release}/${dataset}`);
  const meta = JSON.parse(readFileSync(`${folder}/meta.json`, 'utf8')) as GoldenMeta;
  return { release, dataset, policy, stem: `${folder}/${policy}`, meta };
}

export async function goldenDistrict(run: GoldenRun): Promise<District> {
  const root = run.release === 'v1.8.0' ? 'datasets-v1' : 'datasets';
  return readCityLearnFolder(folderReader(sharedPath(`${root}/${run.meta.dataset}`)));
}

/** Columns of one of a run's files; undefined where there is none. Blank cells are NaN, and so are those that short rows leave out. */
export function goldenColumns(run: GoldenRun, kind: string): Readonly<Record<string, Float64Array>> | undefined {
  const file = `${run.stem}.${kind}.csv.gz`;
  if (!existsSync(file)) return undefined;
  const [head, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trim().split(/\r?\n/);
  const names = head!.split(',');
  const width = names.length;
  const columns = names.map(() => new Float64Array(lines.length).fill(Number.NaN));
  lines.forEach((line, row) =>
    line.split(',').forEach((cell, c) => {
      if (c >= width) throw new Error(`${file}:${row + 2}: more cells than the head`);
      if (cell !== '') columns[c]![row] = Number(cell);
    }),
  );
  return Object.fromEntries(names.map((name, c) => [name, columns[c]!]));
}

export interface GoldenKpi {
  readonly level: string;
  readonly name: string;
  readonly costFunction: string;
  readonly value: number | null;
}

export function goldenKpis(run: GoldenRun): GoldenKpi[] {
  const bytes = readFileSync(`${run.stem}.kpis.csv`);
  const lines = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8').trim().split(/\r?\n/).slice(1);
  return lines.map((line) => {
    const [level, name, costFunction, value] = line.split(',');
    return {
      level: level!,
      name: name!,
      costFunction: costFunction!,
      value: value === '' || value === undefined ? null : Number(value),
    };
  });
}

/** The same run here: the golden file's actions where there is one, else the same policy. */
export function replay(
  run: GoldenRun,
  district: District,
  options: { readonly reward?: unknown; readonly steps?: number } = {},
): Simulation {
  const scenario = scenarioFrom(
    {
      district: {
        dataset: 'given',
        profile: profiles[run.release],
        reward: options.reward ?? 'dataset',
        steps: options.steps ?? run.meta.T - 1,
      },
    },
    'golden',
    schema,
  );
  const running = simulate({ scenario, district, actions: actionsOf(run), seed: 12345 });
  for (;;) {
    const next = running.next();
    if (next.done) return next.value;
  }
}

function actionsOf(run: GoldenRun): ActionTable | string {
  const columns = goldenColumns(run, 'actions');
  if (columns === undefined) return run.policy;
  const names = run.meta.buildings.flatMap(({ actions }, i) => actions.map((name) => `${i}.${name}`));
  const rows = columns[names[0]!]!.length;
  const values = new Float64Array(rows * names.length);
  names.forEach((name, j) => {
    for (let row = 0; row < rows; row++) values[row * names.length + j] = columns[name]![row]!;
  });
  return { file: run.stem, rows, values };
}
