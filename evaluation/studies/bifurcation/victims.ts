import { scenarioFrom } from '../../../core/scenario.ts';
import { schema } from '../../vocabulary.ts';
import { trainedAs } from '../study.ts';
import type { StudyOptions, StudyTraining } from '../study.ts';
import type { RecordedVictim } from './recorded.ts';

/** A kind of controller that the study attacks. */
export interface VictimKind {
  readonly name: string;
  readonly title: string;
  readonly head: 'bins' | 'continuous';
  /** Whose recorded numbers stand beside it. */
  readonly recorded: RecordedVictim | null;
  /** Shipped models of its kind, which the quick version attacks; null: it trains with `quickly`, or leaves the kind out. */
  readonly shipped: string | null;
  readonly train: Readonly<Record<string, unknown>>;
  /** What the quick version trains with, where no model ships. */
  readonly quickly?: Readonly<Record<string, unknown>>;
  /** Meets the whole panel, and buildings that it was not trained on; others meet what the claims rest on. */
  readonly whole?: true;
  /** Rows of the year it is trained on; null: all. */
  readonly steps: number | null;
}

/** Half of the year, which the held-out victims are trained on; the other half judges them. */
export const halfYear = 4380;

const bins = { algorithm: 'ppo', preset: 'district', steps: 1_228_800, lanes: 8, evaluateEvery: 122_880 };
const sac = { algorithm: 'sac', preset: 'district', steps: 120_000, lanes: 4, evaluateEvery: 10_000 };

/** In turns with an adversary, which moves everything but the calendar by 5 % and learns by PPO, whose steps cost the least. */
function atla(cycles: number, steps: number) {
  return {
    adversary: { threat: { preset: 'paper-mask-time-5%' }, reward: 'consumption' },
    atla: { cycles, algorithm: 'ppo', steps },
  };
}

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
    whole: true,
  },
  {
    name: 'sac',
    title: 'SAC',
    head: 'continuous',
    recorded: 'sac',
    shipped: 'sac-builtin',
    train: sac,
    steps: null,
    whole: true,
  },
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
    name: 'ppo20-atla',
    title: 'PPO, 20 bins, ATLA',
    head: 'bins',
    recorded: 'ppo20-atla',
    shipped: null,
    train: { algorithm: 'ppo', steps: 614_400, ...atla(6, 196_608) },
    quickly: { algorithm: 'ppo', steps: 327_680, ...atla(4, 98_304) },
    steps: null,
  },
  {
    name: 'sac-atla',
    title: 'SAC, ATLA',
    head: 'continuous',
    recorded: 'sac-atla',
    shipped: null,
    train: { algorithm: 'sac', steps: 60_000, ...atla(6, 196_608) },
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
    heldOut: ['Building_7', 'Building_8'],
    normalisation: 'citylearn-2.0.0',
  };
}

/** The name under which a seed of a victim goes into scenarios: a shipped model's or a training's. */
export function policyOf({ name, shipped }: VictimKind, seed: number, { quick }: StudyOptions): string {
  if (!quick || shipped === null) return trainedAs(`${name}-seed${seed}`);
  return seed === 0 ? shipped : `${shipped}-seed${seed}`;
}

/** The training of one seed of a victim. */
export function trainingOf(kind: VictimKind, seed: number, ground: Ground, { quick }: StudyOptions): StudyTraining {
  const { dataset, building, normalisation } = ground;
  const district = { dataset, buildings: [building], normalisation, steps: kind.steps };
  const id = `${kind.name}-seed${seed}`;
  const title = `${kind.title}, seed ${seed}`;
  const how = quick ? kind.quickly : kind.train;
  const value = { name: title, seed, district, train: { environment: 'district', ...how } };
  return { id, title, scenario: scenarioFrom(value, id, schema) };
}

/** The paper's learned adversary of one victim: it names the action that a bounded search then forces. */
export function adversaryOf(kind: VictimKind, seed: number, ground: Ground): StudyTraining {
  const { dataset, building, normalisation } = ground;
  const id = `adversary-of-${kind.name}-seed${seed}`;
  const title = `Action adversary of ${kind.title}, seed ${seed}`;
  const value = {
    name: title,
    seed,
    district: { dataset, buildings: [building], normalisation },
    victim: { policy: trainedAs(`${kind.name}-seed${seed}`) },
    train: {
      environment: 'adversary',
      algorithm: 'ppo',
      steps: 163_840,
      adversary: { chooses: 'action', reward: 'consumption', steps: 5 },
    },
  };
  return { id, title, scenario: scenarioFrom(value, id, schema) };
}
