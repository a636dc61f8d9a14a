import { shift } from '../attacks/rl/actuator.ts';
import type { Actuator } from '../attacks/rl/actuator.ts';
import { threatSet } from '../attacks/ball/threat-set.ts';
import { shiftEffect } from '../attacks/rl/shift-effect.ts';
import type { ThreatModel } from '../core/attack.ts';
import type { StepBatch, VectorEnv } from '../core/environment.ts';
import type { DecisionAccess, GradientAccess } from '../core/victim.ts';

/** What an adversary is paid for a step. @param reward [N] what the victim was paid  @param out [N] */
export type Pay = (reward: Float64Array, out: Float64Array) => void;

/** Minus what the victim is paid: the zero-sum adversary. */
export const opposite: Pay = (reward, out) => {
  for (let lane = 0; lane < out.length; lane++) out[lane] = -reward[lane]!;
};

/**
 * The adversary's decision problem over a fixed victim: it observes what is true, chooses, an actuator perturbs, the victim acts.
 *
 * ```
 * x' = actuator(x, choice) ∈ B(x);   a = π(x');   s' ~ P(s, a);   paid −r, or what `pay` says
 * ```
 * The victim may change between steps: whoever trains it elsewhere finds its present weights here.
 * Source: Zhang et al. (2021), arXiv 2101.08452, section 3.1.
 */
export function adversaryEnv(setup: {
  readonly env: VectorEnv;
  readonly victim: GradientAccess;
  readonly actuator: Actuator;
  readonly threat: ThreatModel;
  readonly pay?: Pay;
  /** Critics judge what the victim does, not the perturbation, and learners get the slope through it; of the actuator `shift`. */
  readonly throughVictim?: boolean;
}): VectorEnv {
  const { env, victim, actuator, threat, pay = opposite, throughVictim = false } = setup;
  const lanes = env.numEnvs;
  const { features } = env.observationSpace;
  const set = threatSet(threat);
  const x = new Float32Array(lanes * features.length);
  const shown = new Float32Array(x.length);
  const action = new Float64Array(lanes * victim.actionSize);
  const reward = new Float64Array(lanes);
  const effect = throughVictim && actuator === shift ? shiftEffect(victim, threat, lanes) : undefined;
  return {
    ...around(env, x),
    actionSpace: { kind: 'box', features: actuator.choices(features, threat, victim.head) },
    effect,
    reset(rng) {
      const batch = env.reset(rng);
      x.set(batch.observation);
      return batch;
    },
    step(choice) {
      set.around(x, lanes, threat);
      actuator.act(x, lanes, choice, victim, threat, set, shown);
      victim.decide(shown, lanes, action);
      effect?.took(action);
      const batch = env.step(action);
      pay(batch.reward, reward);
      x.set(batch.observation);
      return { ...batch, reward };
    },
  };
}

/**
 * An environment as a victim sees it under a fixed adversary that chooses the perturbation.
 * @param adversary its choices are [N×m], of the features that may move
 */
export function perturbedEnv(setup: {
  readonly env: VectorEnv;
  readonly adversary: DecisionAccess;
  readonly threat: ThreatModel;
}): VectorEnv {
  const { env, adversary, threat } = setup;
  const lanes = env.numEnvs;
  const set = threatSet(threat);
  const choice = new Float64Array(lanes * adversary.actionSize);
  const seen = new Float32Array(lanes * env.observationSpace.features.length);
  const final = new Float32Array(seen.length);
  const perturb = (x: Float32Array, out: Float32Array): void => {
    set.around(x, lanes, threat);
    adversary.decide(x, lanes, choice);
    // A shift asks the victim nothing.
    shift.act(x, lanes, choice, undefined as never, threat, set, out);
  };
  const shownOf = (batch: StepBatch): StepBatch => {
    perturb(batch.observation, seen);
    const { terminated, truncated } = batch;
    if (terminated.includes(1) || truncated.includes(1)) perturb(batch.finalObservation, final);
    return { ...batch, observation: seen, finalObservation: final };
  };
  return {
    ...around(env),
    reset: (rng) => shownOf(env.reset(rng)),
    step: (action) => shownOf(env.step(action)),
  };
}

/** What an environment has that its wrappers leave as it is, with what the wrapper has to remember in its snapshot. */
function around(env: VectorEnv, memory = new Float32Array(0)): VectorEnv {
  return {
    numEnvs: env.numEnvs,
    observationSpace: env.observationSpace,
    actionSpace: env.actionSpace,
    probeChannels: env.probeChannels,
    reset: (rng) => env.reset(rng),
    step: (action) => env.step(action),
    disturb: (disturbance) => env.disturb(disturbance),
    probe: (lane, out) => env.probe(lane, out),
    ...(env.snapshot === undefined || env.restore === undefined
      ? {}
      : {
          snapshot: () => Float64Array.from([...env.snapshot!(), ...memory]),
          restore(words: Float64Array) {
            const own = words.length - memory.length;
            env.restore!(words.subarray(0, own));
            memory.set(words.subarray(own));
          },
        }),
    [Symbol.dispose]() {
      env[Symbol.dispose]();
    },
  };
}
