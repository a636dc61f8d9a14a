import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, UnknownNameError } from '../core/errors.ts';
import { table } from './output.ts';
import { readScenario } from './scenario-file.ts';
import { trainingIdentity } from './training-folder.ts';
import type { TrainingCard } from './training-folder.ts';
import { runJobs } from './training-jobs.ts';
import type { JobsOptions, TrainingJob } from './training-jobs.ts';

/** Seeds that ship of each recipe. */
const seeds = [0, 1, 2] as const;

/**
 * The models that ship: every recipe `zoo/NAME.yaml` of the models folder with three seeds, as `NAME-builtin`, `NAME-builtin-seed1`,
 * `NAME-builtin-seed2`.
 * @param only names of models or recipes; empty: all
 * @throws {UnknownNameError} when a name is none; {ConfigError} when there are no recipes.
 */
export function zooJobs(modelsDir: string, out: string, only: readonly string[]): readonly TrainingJob[] {
  const recipes = join(modelsDir, 'zoo');
  const files = existsSync(recipes) ? readdirSync(recipes).filter((name) => name.endsWith('.yaml')) : [];
  if (files.length === 0) throw new ConfigError(`there are no recipes in ${recipes}`);
  const jobs = files.sort().flatMap((name) => {
    const file = join(recipes, name);
    const recipe = name.slice(0, -'.yaml'.length);
    const scenario = readScenario(file);
    return seeds.map((seed) => {
      const model = seed === 0 ? `${recipe}-builtin` : `${recipe}-builtin-seed${seed}`;
      return {
        file,
        recipe,
        out: join(out, model),
        label: model,
        seed,
        name: model,
        title: seed === 0 ? scenario.name : `${scenario.name}, seed ${seed}`,
        identity: trainingIdentity({ ...scenario, seed }),
      };
    });
  });
  const known = [...new Set(jobs.flatMap(({ name, recipe }) => [recipe, name]))];
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UnknownNameError('model of the zoo', unknown, known);
  return only.length === 0 ? jobs : jobs.filter(({ name, recipe }) => only.includes(name) || only.includes(recipe));
}

/** Trains the zoo, or a part of it. */
export function trainZoo(
  options: JobsOptions & { readonly modelsDir: string; readonly out: string; readonly only: readonly string[] },
): Promise<readonly TrainingCard[]> {
  return runJobs(zooJobs(options.modelsDir, options.out, options.only), options);
}

/** A line for each model: its clean consumption and what it cost. */
export function zooText(cards: readonly TrainingCard[]): string {
  const rows = cards.map(({ name, steps, bestStep, clean, speed }) => [
    name,
    String(steps),
    String(bestStep),
    (clean['electricity_consumption_total'] ?? Number.NaN).toFixed(4),
    (clean['ramping_average'] ?? Number.NaN).toFixed(4),
    speed.cpuSeconds.toFixed(0),
  ]);
  return table([['model', 'steps', 'best at', 'consumption', 'ramping', 'CPU s'], ...rows]);
}
