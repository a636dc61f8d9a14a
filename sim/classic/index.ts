import { cartPole } from './cart-pole.ts';
import { identityContinuous, identityDiscrete } from './identity.ts';
import type { Kernel } from '../lockstep-env.ts';
import { pendulum } from './pendulum.ts';

/** An environment whose best score is known: what it is, and what to expect of a controller that learnt it. */
export interface ClassicEnvironment {
  readonly title: string;
  readonly source: string;
  readonly kernel: Kernel;
  /** Environment steps after which the learners that suit it have solved it with their defaults, about. */
  readonly steps: number;
  /** Mean return of an episode from which a controller is said to have solved it. */
  readonly solved: number;
}

/** Environments to test learners on, by the names of scenarios and the command line. */
export const classicEnvironments = {
  'cart-pole': {
    title: 'balance a pole on a cart, pushed left or right',
    source: 'CartPole-v1 of Gymnasium',
    kernel: cartPole,
    steps: 100_000,
    solved: 475,
  },
  pendulum: {
    title: 'swing a pendulum up and hold it, with a weak motor',
    source: 'Pendulum-v1 of Gymnasium',
    kernel: pendulum,
    steps: 50_000,
    solved: -200,
  },
  'identity-discrete': {
    title: 'name the one of five choices that is shown',
    source: 'IdentityEnv of Stable-Baselines3',
    kernel: identityDiscrete(5),
    steps: 20_000,
    solved: 99,
  },
  'identity-continuous': {
    title: 'give back the number that is shown',
    source: 'IdentityEnvBox of Stable-Baselines3, with a squared error',
    kernel: identityContinuous(1),
    steps: 20_000,
    solved: -1,
  },
  'identity-vector': {
    title: 'give back the three numbers that are shown',
    source: 'IdentityEnvBox of Stable-Baselines3, with a squared error',
    kernel: identityContinuous(3),
    steps: 20_000,
    solved: -3,
  },
} satisfies Record<string, ClassicEnvironment>;

export type ClassicName = keyof typeof classicEnvironments;
