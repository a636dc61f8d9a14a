import { exceeds, meanText } from '../seeds.ts';
import type { Cell, Claim, StudyConclusion, StudyOptions } from '../study.ts';
import { controllerAttacks, controllerThreat } from './controller-arm.ts';
import type { ControllerAttack, ControllerCell, ControllerTrial } from './controller-arm.ts';
import { controllerId } from './plan.ts';
import { sizeOf } from './size.ts';
import { all } from './within.ts';

const titles: Readonly<Record<ControllerAttack, string>> = {
  fgsm: 'FGSM',
  pgd: 'PGD',
  marginPgd: 'margin PGD',
  transfer: 'transfer',
};

/** The entropy penalty in the loss of a controller. */
export function controllerConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const found = Array.from({ length: options.seeds }, (_, seed) => seed).flatMap(
    (seed) => (cells.get(controllerId(seed)) as ControllerCell | undefined) ?? [],
  );
  if (found.length === 0) return { claims: [], tables: [], figures: [] };
  const { strengths, steps } = sizeOf(options).controllers;
  const text = (pick: (cell: ControllerCell) => number, digits = 3): string =>
    meanText(found.map(pick), digits).replaceAll('+', '');
  const row = (name: string, trial: (cell: ControllerCell) => ControllerTrial): Cell[] => [
    name,
    text((cell) => trial(cell).entropy),
    text((cell) => trial(cell).medianDifference),
    text((cell) => trial(cell).susceptibility, 1),
    text((cell) => trial(cell).prefactor, 1),
    text((cell) => trial(cell).return, 0),
    ...attackNames.flatMap((attack) => [
      text((cell) => trial(cell).attacks[attack].success),
      text((cell) => trial(cell).attacks[attack].loss, 1),
    ]),
  ];
  return {
    claims: claimsOf(strengths, found),
    tables: [
      {
        title: `PPO with 20 bins and the entropy penalty in its loss, ${steps} steps`,
        columns: [
          'λ',
          'entropy, nats',
          'median Δ_12',
          'χ̄',
          'A',
          'clean return',
          ...attackNames.flatMap((attack) => [
            `${titles[attack]}, decisions changed`,
            `${titles[attack]}, return lost`,
          ]),
        ],
        rows: [
          ...strengths.map((lambda, at) => row(String(lambda), ({ trials }) => trials[at]!)),
          row('λ > 0, chosen', (cell) => chosen(cell, true)),
          row('λ ≤ 0, chosen', (cell) => chosen(cell, false)),
        ],
        note: `λ is minus PPO’s entropy coefficient: below 0 it is the usual bonus. Building_1 of the built-in district, in the closed loop, attacked at every step with ε = ${controllerThreat.epsilon} on all but the calendar. Chosen: the fewest decisions changed by margin PGD on Building_2, where no controller was trained.`,
      },
    ],
    figures: [],
  };
}

const attackNames = Object.keys(controllerAttacks) as ControllerAttack[];

function chosen({ trials }: ControllerCell, penalised: boolean): ControllerTrial {
  return trials
    .filter(({ lambda }) => lambda > 0 === penalised)
    .reduce((best, trial) => (trial.validation < best.validation ? trial : best));
}

function claimsOf(strengths: readonly number[], found: readonly ControllerCell[]): Claim[] {
  const steps = strengths.slice(1).map((to, at) => ({ name: `λ ${strengths[at]!} to ${to}`, at }));
  const grows = (key: 'entropy' | 'medianDifference', at: number, sign: 1 | -1): number[] =>
    found.map(({ trials }) => sign * (trials[at + 1]![key] - trials[at]![key]));
  const gain = (attack: ControllerAttack, key: 'success' | 'loss', what: string): Claim =>
    exceeds(
      `${titles[attack]}, ${what}`,
      found.map((cell) => chosen(cell, false).attacks[attack][key] - chosen(cell, true).attacks[attack][key]),
      0,
      'without the penalty less with it, each as chosen on another building',
    );
  return [
    all(
      'controllers: entropy falls with every step of the penalty λ in PPO’s loss',
      steps.map(({ name, at }) => exceeds(name, grows('entropy', at, -1), 0, 'nats less')),
    ),
    all(
      'controllers: logit differences grow with every step of λ',
      steps.map(({ name, at }) => exceeds(name, grows('medianDifference', at, 1), 0, 'median Δ_12 more')),
    ),
    all('controllers: the penalty makes the controller more robust in the closed loop, margin PGD included', [
      gain('fgsm', 'success', 'decisions changed'),
      gain('marginPgd', 'success', 'decisions changed'),
      gain('marginPgd', 'loss', 'return lost'),
    ]),
    all('controllers: and to black-box transfer', [
      gain('transfer', 'success', 'decisions changed'),
      gain('transfer', 'loss', 'return lost'),
    ]),
    // One that does nothing is robust: a gain is worth what it costs unattacked.
    exceeds(
      'controllers: the penalty costs clean return',
      found.map((cell) => chosen(cell, false).return - chosen(cell, true).return),
      0,
      'clean return without the penalty above that with it, each as chosen',
    ),
  ];
}
