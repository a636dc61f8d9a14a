import type { SweepResult } from '../evaluation/sweep/sweep-result.ts';
import type { Spread } from '../evaluation/spread.ts';
import { table } from './output.ts';

/** A sweep as a table for a terminal: a line for each cell and attack, the metric's mean over seeds with its 95 % interval. */
export function sweepText({ cells, failures, runs, episodes }: SweepResult, headline: string): string {
  const pointers = Object.keys(cells[0]?.values ?? {});
  const rows = cells.flatMap(({ values, seeds, groups }) =>
    groups.map(({ attack, metrics }) => [
      ...pointers.map((pointer) => JSON.stringify(values[pointer])),
      attack,
      String(seeds.length),
      shown(metrics[`kpi.${headline}`]),
      shown(metrics[`regret.${headline}`]),
      shown(metrics['success.rate']),
    ]),
  );
  const head = [...pointers, 'ATTACK', 'SEEDS', headline.toUpperCase(), 'REGRET', 'SUCCESS'];
  const failed = failures.map(
    ({ cell, seed, error, attempts }) => `cell ${cell + 1}, seed ${seed}: failed after ${attempts}: ${error}`,
  );
  return [table([head, ...rows]), `${runs} runs, ${episodes} episodes`, ...failed].join('\n');
}

function shown(value: Spread | undefined): string {
  if (value === undefined || value.mean === null) return '-';
  const { mean, ci95 } = value;
  return ci95 === null ? mean.toFixed(4) : `${mean.toFixed(4)} [${ci95.low.toFixed(4)}, ${ci95.high.toFixed(4)}]`;
}
