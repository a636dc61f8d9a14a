import type { StepBatch, VectorEnv } from '../../core/environment.ts';
import { assertLength, ShapeError } from '../../core/errors.ts';
import { centralObservation } from './central.ts';
import type { DistrictEnv } from './district-env.ts';

/**
 * One agent for a whole district: the lanes of each group as one, their observations in one list (what buildings share stands there once), their
 * actions in another, and the sum of their rewards. Source: specs/citylearn.md 11, 12 (`central_agent = true`).
 *
 * @param env lanes `g·B + b`: building b of district g, as many of them as `districts` has room for
 * @throws {ShapeError} where the lanes are not that many districts of the same buildings.
 */
export function centralEnv(env: DistrictEnv, districts: number): VectorEnv {
  const buildings = env.numEnvs / districts;
  if (!Number.isInteger(districts) || districts < 1 || !Number.isInteger(buildings))
    throw new ShapeError(`${env.numEnvs} lanes are not ${districts} districts of the same size`);
  const plans = Array.from({ length: buildings }, (_, b) => env.lane(b).plan);
  for (let lane = buildings; lane < env.numEnvs; lane++) {
    if (env.lane(lane).plan !== plans[lane % buildings])
      throw new ShapeError(`lane ${lane} is not the building of lane ${lane % buildings}: districts differ`);
  }
  const layout = centralObservation(plans, env.lane(0).model.profile).normalised;
  const sources = Int32Array.from(layout, ({ building, index }) => building * env.observationSize + index);
  const specs = Array.from({ length: buildings }, (_, b) => env.laneActions(b));
  const targets = Int32Array.from(specs.flatMap((own, b) => own.map((_, j) => b * env.actionSize + j)));
  const size = sources.length;
  const actions = targets.length;
  const inner = new Float64Array(env.numEnvs * env.actionSize);
  const batch = {
    observation: new Float32Array(districts * size),
    finalObservation: new Float32Array(districts * size),
    reward: new Float64Array(districts),
    terminated: new Uint8Array(districts),
    truncated: new Uint8Array(districts),
  } satisfies StepBatch;

  /** Gathers the lanes' batch; a district ends when its lanes do, which share a clock. */
  function gather(lanes: StepBatch): StepBatch {
    for (let d = 0; d < districts; d++) {
      const first = d * buildings;
      const from = first * env.observationSize;
      for (let j = 0; j < size; j++) {
        batch.observation[d * size + j] = lanes.observation[from + sources[j]!]!;
        batch.finalObservation[d * size + j] = lanes.finalObservation[from + sources[j]!]!;
      }
      let reward = 0;
      for (let b = 0; b < buildings; b++) reward += lanes.reward[first + b]!;
      batch.reward[d] = reward;
      batch.terminated[d] = lanes.terminated[first]!;
      batch.truncated[d] = lanes.truncated[first]!;
    }
    return batch;
  }

  return {
    numEnvs: districts,
    observationSpace: {
      kind: 'box',
      features: layout.map(({ building, index, name }) => ({ ...plans[building]!.features[index]!, name })),
    },
    actionSpace: {
      kind: 'box',
      features: specs.flatMap((own, b) =>
        own.map(({ name, unit, low, high }) => ({ name: `${b}.${name}`, unit, low, high })),
      ),
    },
    probeChannels: env.probeChannels,
    reset: (rng) => gather(env.reset(rng)),
    step(action) {
      assertLength(action, districts * actions, 'action', 'centralEnv.step');
      for (let d = 0; d < districts; d++) {
        const to = d * buildings * env.actionSize;
        for (let j = 0; j < actions; j++) inner[to + targets[j]!] = action[d * actions + j]!;
      }
      return gather(env.step(inner));
    },
    /** Of a district's first building. */
    disturb: (change) => env.disturb({ ...change, env: change.env * buildings }),
    probe: (district, out) => env.probe(district * buildings, out),
    snapshot: () => env.snapshot!(),
    restore(words) {
      env.restore!(words);
    },
    [Symbol.dispose]() {
      env[Symbol.dispose]();
    },
  };
}
