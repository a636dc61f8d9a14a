import type { Scenario } from '../../../core/scenario.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import { schema } from '../../vocabulary.ts';
import type { StudyOptions, StudyTraining } from '../study.ts';
import type { RecordedVictim } from './recorded.ts';

/** A kind of controller that the study attacks. */
export interface VictimKind {
  readonly name: string;
  readonly title: string;
  readonly head: 'bins' | 'continuous';
  /** Whose recorded numbers stand beside it. */
  readonly recorded: RecordedVictim | null;
  /** Recipe in `models/zoo` whose shipped models the quick version attacks. */
  readonly shipped: string | null;
  readonly train: Readonly<Record<string, unknown>>;
  /** Rows of the year it is trained on; null: all. */
  readonly steps: number | null;
}

/** Half of the year, which the held-out victims are trained on; the other half judges them. */
export const halfYear = 4380;

const bins = { algorithm: 'ppo', preset: 'district', steps: 1_228_800, lanes: 8, evaluateEvery: 122_880 };
const sac = { algorithm: 'sac', preset: 'district', steps: 120_000, lanes: 4, evaluateEvery: 10_000 };

/** The victims of the study; the settings of those that ship are those of `models/zoo`. */
export const victimKinds: readonly VictimKind[] = [
  {
    name: 'ppo20',
    title: 'PPO, 20 bins',
    head: 'bins',
    recorded: 'ppo20',
    shipped: 'ppo20-builtin',
    train: bins,
    steps: null,
  },
  { name: 'sac', title: 'SAC', head: 'continuous', recorded: 'sac', shipped: 'sac-builtin', train: sac, steps: null },
  {
    name: 'ppo-continuous',
    title: 'PPO, continuous',
    head: 'continuous',
    recorded: 'ppo-continuous',
    shipped: 'ppo-builtin',
    train: { ...bins, config: { bins: null, log_std_init: -1, learning_rate: { linear: 5e-4 } } },
    steps: null,
  },
  {
    name: 'ppo20-half-year',
    title: 'PPO, 20 bins, trained on the first half-year',
    head: 'bins',
    recorded: null,
    shipped: null,
    train: { ...bins, steps: 614_400, evaluateEvery: 61_440 },
    steps: halfYear - 1,
  },
  {
    name: 'sac-half-year',
    title: 'SAC, trained on the first half-year',
    head: 'continuous',
    recorded: null,
    shipped: null,
    train: { ...sac, steps: 60_000, evaluateEvery: 5_000 },
    steps: halfYear - 1,
  },
];

/** Where the study plays: the training building and those that no controller saw. */
export interface Ground {
  readonly dataset: string;
  readonly building: string;
  readonly heldOut: readonly string[];
  readonly normalisation: string;
}

/** The paper's building of its dataset, or the first of the built-in district. */
export function groundOf({ dataset, quick }: StudyOptions): Ground {
  if (dataset === 'builtin')
    return {
      dataset,
      building: 'Building_1',
      heldOut: quick ? ['Building_4'] : ['Building_2', 'Building_3', 'Building_4'],
      normalisation: 'fixed',
    };
  return {
    dataset,
    building: 'Building_6',
    heldOut: ['Building_7', 'Building_8', 'Building_9', 'Building_10'],
    normalisation: 'citylearn-2.0.0',
  };
}

/** The training of one seed of a victim. */
export function trainingOf(kind: VictimKind, seed: number, ground: Ground): StudyTraining {
  const { dataset, building, normalisation } = ground;
  const district = { dataset, buildings: [building], normalisation, steps: kind.steps };
  const id = `${kind.name}-seed${seed}`;
  const scenario: Scenario = scenarioFrom(
    { name: `${kind.title}, seed ${seed}`, seed, district, train: { environment: 'district', ...kind.train } },
    id,
    schema,
  );
  return { id, title: `${kind.title}, seed ${seed}`, scenario };
}
