import { UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import { schema } from '../../vocabulary.ts';
import { policyOf, trainingOf, victimKinds } from '../bifurcation/victims.ts';
import type { Ground, VictimKind } from '../bifurcation/victims.ts';
import { trainingNamed } from '../study.ts';
import type { StudyOptions, StudyPlan, StudyRun } from '../study.ts';
import { cellShape } from './cell-shape.ts';
import { districtLoads } from './district-loads.ts';
import { invisibility } from './invisibility.ts';

/** Parts of the study: published numbers, false data, the feeder of attacked homes. */
export const parts = ['published', 'invisibility', 'feeder'] as const;
export type PartName = (typeof parts)[number];

/** Bifurcation with a side for each hour, the same in all homes: batteries are emptied before the evening's load, and fill while it is there. */
const atPeak = {
  objective: 'grouped-margin',
  target: { peak: [16, 17, 18, 19, 20], valley: [11, 12, 13, 14, 15] },
  steps: 20,
};

/** What the homes' controllers are attacked by: its label, and what it may change. `stealth` is the budget of the paper's stealthiest runs. */
export const panel = [
  {
    label: 'bifurcation, stealth',
    attack: 'bifurcation',
    threat: { preset: 'stealth-rescale' },
    config: { steps: 20 },
  },
  {
    label: 'planned, stealth',
    attack: 'planned',
    threat: { preset: 'stealth-rescale' },
    config: { damage: 'peak', replan: 12, steps: 8, socPoints: 5, netPoints: 1 },
  },
  { label: 'noise, stealth', attack: 'random-noise', threat: { preset: 'stealth-rescale' }, config: {} },
  { label: 'bifurcation, 5 %', attack: 'bifurcation', threat: { preset: 'paper-5%' }, config: { steps: 20 } },
  { label: 'at the peak, stealth', attack: 'pgd', threat: { preset: 'stealth-rescale' }, config: atPeak },
  { label: 'at the peak, 5 %', attack: 'pgd', threat: { preset: 'paper-5%' }, config: atPeak },
  { label: 'noise, 5 %', attack: 'random-noise', threat: { preset: 'paper-5%' }, config: {} },
] as const;
export const labels = panel.map(({ label }) => label);

/** Homes of the built-in district; the quick version's weeks. */
const buildings = Array.from({ length: 8 }, (_, b) => `Building_${b + 1}`);
const quickSteps = 336;
/** Shipped trainings of a victim; a quick seed beyond them meets them again, in other weeks. */
const shippedSeeds = 3;
const draws = { quick: 40, full: 400 };

export function partsOf({ only }: Pick<StudyOptions, 'only'>): readonly PartName[] {
  for (const name of only ?? [])
    if (!(parts as readonly string[]).includes(name)) throw new UnknownNameError('part', name, parts);
  return parts.filter((part) => only === undefined || only.includes(part));
}

export function runId(seed: number): string {
  return `feeder-seed${seed}`;
}

export function cellId(seed: number): string {
  return `invisibility-seed${seed}`;
}

const kind: VictimKind = victimKinds.find(({ name }) => name === 'ppo20')!;

function groundOf({ dataset }: StudyOptions): Ground {
  return { dataset, building: buildings[0]!, heldOut: [], normalisation: 'fixed' };
}

export function plan(options: StudyOptions): StudyPlan {
  const chosen = partsOf(options);
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const feeder = chosen.includes('feeder');
  return {
    trainings: feeder
      ? seeds
          .filter((seed) => trainingNamed(policyOf(kind, seed, options)) !== null)
          .map((seed) => trainingOf(kind, seed, groundOf(options), options))
      : [],
    runs: feeder ? seeds.map((seed) => evaluationOf(seed, options)) : [],
    cells: chosen.includes('invisibility')
      ? seeds.map((seed) => ({
          id: cellId(seed),
          title: `false data, seed ${seed}`,
          shape: cellShape,
          run: () =>
            Promise.resolve(invisibility(rng(seed).split('invisibility'), draws[options.quick ? 'quick' : 'full'])),
        }))
      : [],
  };
}

/** A seed: a training of the controller, weeks of the year (the quick version's) and everything that a run draws. */
function evaluationOf(seed: number, options: StudyOptions): StudyRun {
  const { dataset, normalisation } = groundOf(options);
  const window = options.quick ? { start: 168 * ((4 + 10 * seed) % 49), steps: quickSteps } : {};
  return {
    id: runId(seed),
    scenario: scenarioFrom(
      {
        name: `Homes of a feeder, seed ${seed}`,
        seed,
        district: { dataset, normalisation, buildings, ...window },
        victim: { policy: policyOf(kind, options.quick ? seed % shippedSeeds : seed, options) },
        attacks: panel.map(({ attack, ...rest }) => ({ name: attack, ...rest })),
      },
      'study grid-impact',
      schema,
    ),
    extract: ({ schema: table, frames }) => districtLoads(buildings, labels, table, frames),
  };
}
