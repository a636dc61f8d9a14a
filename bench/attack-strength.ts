// `faultline attack` beside independent implementations of PGD, APGD and ACG (test/support/reference-search.ts) on what shipped controllers
// observed in the closed loop, at equal numbers of gradients. Prints the tables of docs/attacks.md.
//
//   npx tsx bench/attack-strength.ts [--policies ppo20-builtin,…] [--rows 1,100,8192] [--factors 0.1,1,100]
//     [--objectives margin,…] [--sets N] [--dataset DIR --building NAME]
//
// With --sets, so many sets of a hundred hours each, and by how much ours is ahead of its independent namesake in mean objective: one set's
// difference is mostly that of two random starts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ObjectiveName } from '../attacks/objective/index.ts';
import { meanInterval } from '../evaluation/interval.ts';
import { compare, everyRow, recordedObservations, stretchedPolicy } from '../test/support/recorded-attack.ts';
import type { Comparison } from '../test/support/recorded-attack.ts';

const { values } = parseArgs({
  options: {
    policies: { type: 'string', default: 'ppo20-builtin,dqn-builtin,sac-builtin,ppo-builtin' },
    rows: { type: 'string', default: '1,100,8192' },
    factors: { type: 'string', default: '0.1,1,100' },
    objectives: { type: 'string', default: 'margin,cross-entropy,grouped-margin' },
    dataset: { type: 'string', default: 'builtin' },
    building: { type: 'string', default: 'Building_1' },
    sets: { type: 'string', default: '0' },
  },
});
const onBins: readonly ObjectiveName[] = ['margin', 'cross-entropy', 'grouped-margin'];
const size = 31;
const most = 8192;
/** At 1 a hundred files of a row. The larger the batch, the fewer gradients a row: no table is worth an hour. */
const settings: Readonly<Record<string, { readonly rows: number; readonly gradients: number }>> = {
  1: { rows: 100, gradients: 40 },
  100: { rows: 100, gradients: 40 },
  8192: { rows: most, gradients: 10 },
};

const attacks = ['pgd', 'apgd', 'acg'] as const;
const number = (value: number): string => value.toPrecision(3);

/** Success and mean objective of ours, and in brackets of the opponent of the same name. */
function cell({ attack, ours, theirs }: Comparison): string {
  const other = theirs[attack]!;
  return `${ours.success.toFixed(3)} ${number(ours.mean)} (${other.success.toFixed(3)} ${number(other.mean)})`;
}

const scratch = mkdtempSync(join(tmpdir(), 'faultline-strength-'));
console.log(`| policy | objective | logits | batch | ${attacks.join(' | ')} | behind by at most |`);
console.log(`|${'---|'.repeat(5 + attacks.length)}`);
for (const name of values.policies.split(',')) {
  const year = await recordedObservations(name, most, { dataset: values.dataset, building: values.building });
  const wanted = values.objectives.split(',');
  const all = name.startsWith('ppo20') || name.startsWith('dqn') ? onBins : (['grouped-margin'] as const);
  const objectives = all.filter((objective) => wanted.includes(objective as string));
  for (const objective of objectives) {
    for (const factor of values.factors.split(',').map(Number)) {
      const folder = stretchedPolicy(name, factor, scratch);
      if (Number(values.sets) > 0) {
        await compareSets(name, folder, objective, factor, year);
        continue;
      }
      for (const batch of values.rows.split(',')) {
        const { rows, gradients } = settings[batch]!;
        const x = rows === most ? year : everyRow(year, size, 79, rows);
        const threat = { preset: 'paper-5%' };
        const alone = batch === '1';
        const found = await compare({ folder, scratch, x, objective, gradients, threat, attacks, alone });
        const behind = (of: 'success' | 'mean'): string =>
          `${(100 * Math.max(...found.map((comparison) => comparison.behind[of]))).toFixed(1)} %`;
        console.log(
          `| ${name} | ${objective} | × ${factor} | ${batch} | ${found.map(cell).join(' | ')} | ${behind('success')}, ${behind('mean')} |`,
        );
      }
    }
  }
}
rmSync(scratch, { recursive: true });

/** Prints the mean lead of each of our attacks over sets of interleaved hours, with its 95 % interval over the sets. */
async function compareSets(
  name: string,
  folder: string,
  objective: ObjectiveName,
  factor: number,
  year: Float32Array,
): Promise<void> {
  const leads = attacks.map((): number[] => []);
  for (let set = 0; set < Number(values.sets); set++) {
    const x = everyRow(year.subarray(4 * set * size), size, 79, 100);
    const found = await compare({
      folder,
      scratch,
      x,
      objective,
      gradients: 40,
      threat: { preset: 'paper-5%' },
      attacks,
    });
    found.forEach(({ attack, ours, theirs }, a) => {
      const other = theirs[attack]!.mean;
      leads[a]!.push((100 * (ours.mean - other)) / Math.abs(other));
    });
  }
  const shown = leads.map((lead) => {
    const interval = meanInterval(lead);
    const mean = lead.reduce((sum, one) => sum + one, 0) / lead.length;
    return `${mean.toFixed(2)} %${interval === null ? '' : ` [${interval.low.toFixed(2)}, ${interval.high.toFixed(2)}]`}`;
  });
  console.log(`| ${name} | ${objective} | × ${factor} | ${values.sets} sets | ${shown.join(' | ')} | |`);
}
