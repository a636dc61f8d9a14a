import { z } from 'zod';
import type { AttackContext, ObservationAttack } from '../../core/attack.ts';
import { ShapeError } from '../../core/errors.ts';
import type { KnownPlant } from '../../core/plant.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { define } from '../define.ts';
import { toggleBifurcation } from '../pgd.ts';
import { confinedChoices } from './confined-choices.ts';
import { damages } from './damage.ts';
import type { DamageName } from './damage.ts';
import { force } from './force.ts';
import { planAttack } from './plan.ts';
import { reach } from './reach.ts';
import { reachTable } from './reach-table.ts';

const config = z.strictObject({
  damage: z
    .enum(Object.keys(damages) as [DamageName, ...DamageName[]])
    .default('consumption')
    .meta({ title: 'Damage', description: 'What the plan makes as large as it can over its horizon.' }),
  horizon: z.int().min(1).max(168).default(24).meta({ title: 'Horizon', description: 'Steps planned ahead.' }),
  replan: z.int().min(1).max(168).default(6).meta({
    title: 'Replan',
    description:
      'Steps after which a new plan is made; sooner where the charge has left the plan by more than `drift`.',
  }),
  drift: z.number().min(0).max(1).default(0.03).meta({
    title: 'Drift',
    description: 'Share of the capacity by which the charge may differ from the plan’s before a new one is made.',
  }),
  budget: z.int().min(1).max(168).optional().meta({
    title: 'Budget',
    description: 'Steps of each plan’s horizon that may be attacked; empty: all. With one, a plan is kept to its end.',
  }),
  steps: z.int().min(1).max(10_000).default(20).meta({
    title: 'Steps',
    description: 'Gradients to each side, for every state looked at ahead and at each step.',
  }),
  socPoints: z.int().min(2).max(101).default(9).meta({
    title: 'Charges',
    description: 'Charges at which the reach of a coming hour is searched.',
  }),
  netPoints: z.int().min(1).max(21).default(3).meta({
    title: 'Consumptions',
    description: 'Consumptions of the hour before at which it is.',
  }),
  actions: z.int().min(2).max(101).default(9).meta({
    title: 'Actions',
    description: 'The most actions that a plan chooses from in a state, between the lowest and the highest attained.',
  }),
});

/** Within constraints every state is searched by itself, so fewer are told apart. */
const confinedCells = { soc: 30, efficiency: 0.08, net: 1, most: 128 };

/** A lane's present plan, and the plant's state as the actions so far have made it. */
interface Lane {
  readonly plant: KnownPlant;
  readonly state: Float64Array;
  /** Steps since the episode's start. */
  t: number;
  actions: Float64Array;
  soc: Float64Array;
  begun: number;
  /** What was done at the step before, which the state has not had yet; NaN: nothing. */
  done: number;
}

/**
 * Plans the most damaging actions within reach over the hours to come, and forces them one by one.
 *
 * The reach of coming states is searched with gradients on predicted observations, within what the engine will confine them to; the plan comes from dynamic programming over the
 * known battery; each action is forced on the true observation by bisection between its two extremes. A step that the plan leaves
 * alone is not touched. Where no plant is known (rows of a file, not of a loop) there is nothing to plan for: it pushes to and fro as
 * `toggle-bifurcation`.
 * Source: specs/attacks-and-defenses.md 2.7; "enchanting" of Lin et al. (2017), arXiv 1703.06748, with a known model.
 */
function plannedAttack(options: z.output<typeof config>): ObservationAttack {
  const damage = damages[options.damage];
  const blind = toggleBifurcation.make({ steps: options.steps });
  const grid = { soc: options.socPoints, net: options.netPoints, steps: options.steps, actions: options.actions };
  const every = options.budget === undefined ? options.replan : options.horizon;
  const drift = options.budget === undefined ? options.drift : 1;
  let lanes: readonly Lane[] | undefined;

  function planFor(lane: Lane, row: number, victim: GradientAccess, context: AttackContext): void {
    const { plant, state, t } = lane;
    const horizon = Math.min(options.horizon, plant.steps - t);
    const { threat, foresee } = context;
    const choices =
      foresee === undefined
        ? reachTable(plant, victim, threat, grid, { t0: t, horizon, state, lane: row })
        : confinedChoices(plant, victim, threat, foresee(), grid, row);
    const request = { t0: t, horizon, state, budget: options.budget };
    const { actions, soc } = planAttack(plant, choices, damage, {
      ...request,
      ...(foresee === undefined ? {} : { cells: confinedCells }),
    });
    lane.actions = actions;
    lane.soc = soc;
    lane.begun = t;
  }

  function catchUp(lane: Lane): void {
    if (Number.isNaN(lane.done)) return;
    lane.plant.advance(lane.t, lane.done, lane.state, 0);
    lane.t++;
    lane.done = Number.NaN;
  }

  function isStale({ plant, state, t, soc, begun }: Lane): boolean {
    const age = t - begun;
    if (age >= soc.length || age >= every) return true;
    return age > 0 && Math.abs(plant.soc(state, 0) - soc[age - 1]!) > drift;
  }

  return {
    stage: 'observation',
    access: 'gradient',
    check: (head) => blind.check?.(head),
    // oxlint-disable-next-line require-yield -- there is nothing to wait for
    *prepare(rehearsal) {
      lanes = rehearsal.plants?.().map((plant) => {
        const state = new Float64Array(plant.stateSize);
        plant.start(state, 0);
        return {
          plant,
          state,
          t: 0,
          actions: new Float64Array(0),
          soc: new Float64Array(0),
          begun: 0,
          done: Number.NaN,
        };
      });
    },
    perturb(x, rows, victim, context, out) {
      if (lanes === undefined) {
        blind.perturb(x, rows, victim, context, out);
        return;
      }
      if (rows !== lanes.length)
        throw new ShapeError(`planned: ${rows} rows, but the plants of ${lanes.length} lanes are known`);
      const wanted = new Float64Array(rows);
      lanes.forEach((lane, row) => {
        catchUp(lane);
        if (isStale(lane)) planFor(lane, row, victim, context);
        wanted[row] = lane.actions[lane.t - lane.begun]!;
      });
      const found = reach(x, rows, victim, context.set, context.threat.epsilon, options.steps);
      force(x, rows, victim, context.set, found, wanted, 12, out);
      const action = new Float64Array(rows * victim.actionSize);
      context.set.project(out); // as it will be: what was shown before may keep the truth from being shown now
      victim.decide(out, rows, action);
      lanes.forEach((lane, row) => {
        lane.done = action[row * victim.actionSize]!; // unless we are told otherwise
      });
    },
    acted(action) {
      lanes?.forEach((lane, row) => {
        lane.done = action[(row * action.length) / lanes!.length]!;
      });
    },
    reset(ended) {
      lanes?.forEach((lane, row) => {
        if (ended[row] !== 1) return;
        lane.done = Number.NaN;
        lane.plant.start(lane.state, 0);
        lane.t = 0;
        lane.soc = new Float64Array(0);
      });
    },
  };
}

/** Dynamic programming over the known battery, within reach. */
export const planned = define(
  'Planned: the most damaging day within reach',
  'specs/attacks-and-defenses.md 2.7: dynamic programming over the battery model and the reachable actions',
  config,
  plannedAttack,
);
