import type { LearnerName } from './index.ts';

/** Settings for a learner on a kind of environment; what a scenario says itself goes before them. */
export interface Preset {
  /** Environment steps over all lanes. */
  readonly steps: number;
  readonly lanes: number;
  /** Options of the learner that are not its defaults. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * A building's reward is mostly not of the battery's making, and spans from a flat's to a large house's: see `RewardShaping`, `RewardScale`.
 * A full battery counts for about 0.75 reward units a kWh.
 */
const districtReward = {
  gamma: 0.97, // looks about 33 hours ahead
  idleBaseline: true,
  storedEnergyValue: 4.8,
  normaliseReward: true,
} as const;

/** Steps are cheap here, updates are not: one for four steps of a lane, of half the rows that SAC and TD3 have by default. */
const fewUpdates = { batch_size: 128, updatesPerStep: 0.25 } as const;

/** How the victims of docs/results.md are trained: one building in lanes that begin at different times of its year. */
const district: Readonly<Record<LearnerName, Preset>> = {
  ppo: {
    steps: 2_457_600,
    lanes: 8,
    config: {
      bins: 20, // the paper's
      net_arch: [256, 256],
      learning_rate: { linear: 8e-4 },
      n_steps: 256,
      n_epochs: 4, // a step costs less than a pass here, so fresh rows are the cheaper ones
      ...districtReward,
    },
  },
  a2c: {
    steps: 2_457_600,
    lanes: 8,
    config: {
      bins: 20,
      net_arch: [256, 256],
      learning_rate: { linear: 3e-4 },
      n_steps: 8,
      gae_lambda: 0.95,
      normalize_advantage: true,
      use_rms_prop: false,
      ent_coef: 0.01,
      normalize: {}, // it does not learn without: docs/learners.md
      ...districtReward,
    },
  },
  sac: {
    steps: 200_000,
    lanes: 4,
    config: {
      learning_rate: { linear: 1e-3 },
      learning_starts: 99,
      ...fewUpdates,
      ent_coef: 'auto_0.05', // 1 is far above a shaped reward's scale
      target_entropy: -2, // a deviation of 0.09 on [-1, 1] would be 0.45 kWh of a 5 kW battery
      ...districtReward,
    },
  },
  td3: {
    steps: 200_000,
    lanes: 4,
    config: {
      net_arch: [256, 256],
      learning_rate: { linear: 1e-3 },
      ...fewUpdates,
      action_noise: { normal: 0.1 }, // the paper's
      ...districtReward,
    },
  },
  dqn: {
    steps: 400_000,
    lanes: 4,
    config: {
      bins: 20,
      net_arch: [256, 256],
      learning_rate: { linear: 5e-4 },
      ...fewUpdates,
      target_update_interval: 2000,
      ...districtReward,
    },
  },
};

/** The learner's own defaults, which are those of Stable-Baselines3: one lane. */
const sb3: Readonly<Record<LearnerName, Preset>> = {
  ppo: { ...district.ppo, lanes: 1, config: {} },
  a2c: { ...district.a2c, lanes: 1, config: {} },
  sac: { ...district.sac, lanes: 1, config: {} },
  td3: { ...district.td3, lanes: 1, config: {} },
  dqn: { ...district.dqn, lanes: 1, config: {} },
};

/** The adversary's side of a building, whose reward is mostly not of its making either; it chooses on the scale −1 to 1. */
const shared = { gamma: 0.97, normaliseReward: true } as const;
/** A victim's reward is shaped by what its battery holds; an adversary's is not. */
const unshaped = { idleBaseline: false, storedEnergyValue: 0 } as const;
const adversary: Readonly<Record<LearnerName, Preset>> = {
  ppo: {
    steps: 819_200,
    lanes: 8,
    config: {
      net_arch: [64, 64],
      learning_rate: { linear: 1e-3 },
      n_steps: 256,
      batch_size: 256,
      n_epochs: 6,
      log_std_init: -0.5,
      ...shared,
    },
  },
  a2c: { ...district.a2c, config: { ...district.a2c.config, ...shared, ...unshaped, bins: null } },
  sac: {
    ...district.sac,
    steps: 100_000,
    // Each of some thirty components has a thirtieth of the effect, and all of the entropy: a temperature that suits one action drowns it.
    config: { ...district.sac.config, ...shared, ...unshaped, ent_coef: 3e-4 },
  },
  td3: { ...district.td3, steps: 100_000, config: { ...district.td3.config, ...shared, ...unshaped } },
  dqn: { ...district.dqn, config: { ...district.dqn.config, ...shared, ...unshaped } },
};

/** Settings of every learner, by the names that scenarios use. */
export const presets = { district, sb3, adversary } as const;

export type PresetName = keyof typeof presets;
