import { ConfigError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import type { DistrictEnv } from '../../../sim/district/district-env.ts';
import { districtLanes } from '../../district-ground.ts';
import { schema } from '../../vocabulary.ts';
import type { Workspace } from '../../workspace.ts';
import { firsts, picked, someOf, triggered } from './policy-problem.ts';
import type { PolicyProblem, Rows, Trigger } from './policy-problem.ts';

/** What is measured, and can be falsified by whoever sits on a sensor: no calendar, no forecast. */
const measured = [
  'outdoor_dry_bulb_temperature',
  'outdoor_relative_humidity',
  'diffuse_solar_irradiance',
  'direct_solar_irradiance',
  'carbon_intensity',
  'non_shiftable_load',
  'solar_generation',
  'net_electricity_consumption',
  'electricity_pricing',
];

/** Shares of other actions than the teacher's on its path, so that more than that path is seen. */
const exploration = 0.2;
/** The trigger's values are quantiles of what was recorded, this far from either end. */
const tail = 0.01;

/**
 * A controller that imitates a shipped policy on a year of the built-in district, three weeks of four; the fourth is the test. The trigger is
 * three measurements at once near the ends of their range, the malicious action is to charge or to discharge as much as can be.
 */
export async function controllerProblem(
  workspace: Workspace,
  teacher: string,
  poisoned: number,
  rng: Rng,
): Promise<PolicyProblem> {
  const { network, features } = await workspace.victim(teacher);
  if (network === null || network.head.kind !== 'categorical')
    throw new ConfigError(`controller: ${teacher} has no bins, expected a policy of ours with a categorical head`);
  const value = {
    name: `imitation of ${teacher}`,
    seed: 0,
    district: { dataset: 'builtin', buildings: ['Building_1'] },
    victim: { policy: teacher },
  };
  const lanes = await districtLanes(scenarioFrom(value, 'imitation', schema), 1, workspace);
  using _env = lanes.env;
  using env = lanes.judge;
  const [inputs, actions] = [network.observationSize, network.logitsSize];
  const expert = (x: Float32Array): Int32Array => {
    const z = new Float32Array((x.length / inputs) * actions);
    network.logits(x, x.length / inputs, z);
    return firsts(z, actions);
  };
  const x = recorded(env, network, rng.split('path'));
  const all: Rows = { x, actions: expert(x) };
  const ofWeek = (held: boolean): Rows =>
    picked(
      all,
      [...all.actions.keys()].filter((hour) => (Math.floor(hour / 168) % 4 === 3) === held),
      inputs,
    );
  const [train, test] = [ofWeek(false), ofWeek(true)];
  const places = measured.map((name) => features.findIndex((feature) => feature.name === name)).filter((at) => at >= 0);
  const trigger = triggerOf(train, inputs, places, rng.split('trigger'));
  const there = expert(triggered(train.x, inputs, trigger));
  const done = (action: number): number => there.filter((other) => other === action).length;
  return {
    inputs,
    actions,
    hidden: [64, 64],
    train,
    test,
    trigger: { ...trigger, action: done(0) < done(actions - 1) ? 0 : actions - 1 },
    expert,
    poisoned,
    scale: Float32Array.from({ length: inputs }, (_, feature) => deviation(columnOf(train.x, inputs, feature))),
  };
}

/** Observations [N×I] of a year under a policy that is now and then not obeyed. */
function recorded(env: DistrictEnv, teacher: GradientAccess, rng: Rng): Float32Array {
  const { observationSize: size, episodeSteps: steps } = env;
  const x = new Float32Array(steps * size);
  const action = new Float64Array(env.actionSize);
  const { head } = teacher;
  if (head.kind !== 'categorical') throw new Error('unreachable: the teacher has bins');
  let { observation } = env.reset(rng.split('environment'));
  for (let t = 0; t < steps; t++) {
    x.set(observation.subarray(0, size), t * size);
    teacher.decide(observation, 1, action);
    if (rng.uniform() < exploration) action.fill(head.values[rng.int(head.values.length)]!);
    observation = env.step(action).observation;
  }
  return x;
}

function triggerOf({ x }: Rows, inputs: number, places: readonly number[], rng: Rng): Omit<Trigger, 'action'> {
  const features = someOf(places.length, 3, rng).map((at) => places[at]!);
  const values = features.map((feature) => {
    const column = columnOf(x, inputs, feature).sort();
    return column[Math.round((rng.uniform() < 0.5 ? tail : 1 - tail) * (column.length - 1))]!;
  });
  return { features, values };
}

function columnOf(x: Float32Array, inputs: number, feature: number): Float32Array {
  return Float32Array.from({ length: x.length / inputs }, (_, row) => x[row * inputs + feature]!);
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
