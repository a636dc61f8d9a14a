import { StateError } from '../../../core/errors.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import type { Feature } from '../../../core/space.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import { openLoop } from '../../loop.ts';
import { schema } from '../../vocabulary.ts';
import type { VictimSource, Workspace } from '../../workspace.ts';

/** Of the attacks, in normalised units; the calendar cannot be moved. */
export const threat = { epsilon: 0.03, mask: ['time'] } as const;

/** What the closed loop is attacked by. */
export const siegeAttacks = ['pgd', 'bifurcation', 'toggle-bifurcation'] as const;

/** What one attack did to a policy in the closed loop. */
export interface Siege {
  readonly attack: (typeof siegeAttacks)[number];
  /** Share of hours whose decision it changed. */
  readonly success: number;
  /** Return without it less the return under it. */
  readonly regret: number;
}

/** The attack engine against a policy on Building_1 of the built-in district, hour by hour, each attack in a lane of its own beside a clean twin. */
export async function besiege(
  victim: GradientAccess,
  features: readonly Feature[],
  { steps, seed }: { readonly steps: number; readonly seed: number },
  { dataset }: Pick<Workspace, 'dataset'>,
): Promise<Siege[]> {
  const value = {
    name: `siege, seed ${seed}`,
    seed,
    district: { dataset: 'builtin', buildings: ['Building_1'], steps },
    victim: { policy: 'student' },
    attacks: siegeAttacks.map((name) => ({ name, threat, config: { steps: 20 } })),
  };
  const scenario = scenarioFrom(value, 'siege', schema);
  const source: VictimSource = {
    name: 'student',
    hash: '',
    network: victim,
    features,
    normalisation: scenario.district.normalisation,
    open: () => victim,
  };
  using loop = await openLoop(scenario, {
    dataset,
    victim: () => Promise.resolve(source),
    grid: () => Promise.reject(new StateError('a siege has no network')),
  });
  for (const _ of loop.prepare());
  while (loop.step < loop.totalSteps) if (loop.advance(noClock)) loop.recorder.take(0);
  const lanes = loop.results();
  const clean = lanes.find(({ attack }) => attack === 'clean')!;
  return siegeAttacks.map((attack) => {
    const lane = lanes.find((lane) => lane.attack === attack)!;
    return { attack, success: lane.success!.rate!, regret: clean.return - lane.return };
  });
}

/** Nothing here is timed. */
const noClock = { now: () => 0, sleep: () => Promise.resolve() };
