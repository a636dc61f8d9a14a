import type { ObservationAttack } from '../core/attack.ts';
import type { Definition } from '../core/definition.ts';
import { boundary, hopSkipJump } from './black-box/decision.ts';
import { nes, spsa, square } from './black-box/score.ts';
import { critic, minQAttack, robustSarsa, robustSarsaShuffled, rsMad } from './critic/index.ts';
import { evasive } from './evasive.ts';
import { fgsm } from './fgsm.ts';
import { none } from './none.ts';
import { paperPgd } from './paper-pgd.ts';
import { bifurcation, pgd, toggleBifurcation } from './pgd.ts';
import { planned } from './plan/planned.ts';
import { randomNoise } from './random-noise.ts';
import { searches } from './searches.ts';
import { sensorDelay, sensorDropout, sensorReplay } from './sensor/index.ts';
import { snooping } from './snooping/snooping.ts';

/** What can be made on an imitator. */
const onGradients = {
  bifurcation,
  'toggle-bifurcation': toggleBifurcation,
  pgd,
  fgsm,
  ...searches,
  'paper-pgd': paperPgd,
};
import { actionAdversary, learnedAdversary, paAd } from './rl/learned.ts';

/** Attacks on what the controller observes, by the name a scenario uses. */
export const attacks = {
  bifurcation,
  'toggle-bifurcation': toggleBifurcation,
  pgd,
  fgsm,
  ...searches,
  planned,
  nes,
  spsa,
  square,
  'min-q': minQAttack,
  'robust-sarsa': robustSarsa,
  'rs-mad': rsMad,
  'robust-sarsa-shuffled': robustSarsaShuffled,
  critic,
  'hop-skip-jump': hopSkipJump,
  boundary,
  evasive,
  snooping: snooping(onGradients),
  'sensor-delay': sensorDelay,
  'sensor-dropout': sensorDropout,
  'sensor-replay': sensorReplay,
  'learned-adversary': learnedAdversary,
  'pa-ad': paAd,
  'action-adversary': actionAdversary,
  'random-noise': randomNoise,
  'paper-pgd': paperPgd,
  none,
} satisfies Record<string, Definition<ObservationAttack>>;

export type AttackName = keyof typeof attacks;
