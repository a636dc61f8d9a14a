import { rng } from '../../core/rng.ts';
import type { CleanSteps } from '../../core/detector.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { districtOptions } from '../../evaluation/district.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { builtinDistrict } from '../../sim/data/builtin/index.ts';
import { districtEnv } from '../../sim/district/district-env.ts';

/** Days of a building of the built-in district whose battery is moved at random; of every four weeks the last is held out. */
export function cleanSteps(days: number): CleanSteps {
  const scenario = scenarioFrom({ district: { steps: days * 24 } }, 'test', schema);
  using env = districtEnv({
    ...districtOptions(scenario, builtinDistrict()),
    lanes: [{ building: 0 }],
    history: 'none',
  });
  const size = env.observationSize;
  const steps = env.episodeSteps;
  const observation = new Float32Array(steps * size);
  const action = new Float64Array(steps);
  const stream = rng(1);
  let batch = env.reset(rng(0));
  for (let t = 0; t < steps; t++) {
    observation.set(batch.observation, t * size);
    // In turns, so that the battery fills and empties.
    action[t] = (stream.uniform() - (t % 48 < 24 ? 0.3 : 0.7)) * 0.78;
    batch = env.step(action.subarray(t, t + 1));
  }
  return {
    features: env.laneFeatures(0),
    actionSize: 1,
    stepsPerDay: 24,
    steps,
    observation,
    action,
    learn: Uint8Array.from({ length: steps }, (_, t) => (Math.floor(t / 168) % 4 === 3 ? 0 : 1)),
  };
}
