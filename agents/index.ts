import type { Definition } from '../core/definition.ts';
import { a2cConfig } from './a2c/config.ts';
import { a2c } from './a2c/a2c.ts';
import { dqnConfig } from './dqn/config.ts';
import { dqn } from './dqn/dqn.ts';
import type { LearnerMaker } from './learner.ts';
import { ppoConfig } from './ppo/config.ts';
import { ppo } from './ppo/ppo.ts';
import { bangBang } from './rule/bang-bang.ts';
import { basicBattery } from './rule/basic-battery.ts';
import { basicBatteryRule, basicRule, electricVehicleRule, optimizedRule } from './rule/citylearn-rules.ts';
import type { ControllerMaker } from './rule/controller.ts';
import { idle } from './rule/idle.ts';
import { hourMap } from './rule/hour-map.ts';
import { hourRule } from './rule/hour-rule.ts';
import { random } from './rule/random.ts';
import { selfConsumption } from './rule/self-consumption.ts';
import { sacConfig } from './sac/config.ts';
import { sac } from './sac/sac.ts';
import { td3Config } from './td3/config.ts';
import { td3 } from './td3/td3.ts';

/** Controllers that learn, by the names of scenarios and the command line. */
export const learners = {
  ppo: {
    title: 'Proximal policy optimisation',
    source: 'Schulman et al. (2017), "Proximal Policy Optimization Algorithms"',
    config: ppoConfig,
    make: (raw) => (spaces, rng) => ppo(ppoConfig.parse(raw), spaces, rng),
  },
  a2c: {
    title: 'Advantage actor-critic',
    source: 'Mnih et al. (2016), "Asynchronous Methods for Deep Reinforcement Learning"',
    config: a2cConfig,
    make: (raw) => (spaces, rng) => a2c(a2cConfig.parse(raw), spaces, rng),
  },
  sac: {
    title: 'Soft actor-critic',
    source: 'Haarnoja et al. (2018), "Soft Actor-Critic Algorithms and Applications"',
    config: sacConfig,
    make: (raw) => (spaces, rng) => sac(sacConfig.parse(raw), spaces, rng),
  },
  td3: {
    title: 'Twin delayed deterministic policy gradient',
    source: 'Fujimoto et al. (2018), "Addressing Function Approximation Error in Actor-Critic Methods"',
    config: td3Config,
    make: (raw) => (spaces, rng) => td3(td3Config.parse(raw), spaces, rng),
  },
  dqn: {
    title: 'Deep Q-network over action bins',
    source: 'Mnih et al. (2015), "Human-level control through deep reinforcement learning"',
    config: dqnConfig,
    make: (raw) => (spaces, rng) => dqn(dqnConfig.parse(raw), spaces, rng),
  },
} satisfies Record<string, Definition<LearnerMaker>>;

export type LearnerName = keyof typeof learners;

/** Controllers that follow a rule, by the names of scenarios and the command line. */
export const controllers = {
  idle,
  random,
  'bang-bang': bangBang,
  'rule-based': hourRule,
  'basic-battery': basicBattery,
  'self-consumption': selfConsumption,
  BasicRBC: basicRule,
  OptimizedRBC: optimizedRule,
  BasicBatteryRBC: basicBatteryRule,
  BasicElectricVehicleRBC: electricVehicleRule,
  HourRBC: hourMap,
} satisfies Record<string, Definition<ControllerMaker>>;

export type ControllerName = keyof typeof controllers;
