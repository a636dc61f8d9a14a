import type { ObservationAttack, ThreatModel } from '../core/attack.ts';
import { ConfigError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Feature } from '../core/space.ts';
import type { AsyncGradientAccess } from '../core/victim.ts';
import { answer } from './answer.ts';
import { house } from './house.ts';
import type { House } from './house.ts';
import { metered } from './meter.ts';

/** `AttackEngine` for a victim that has to be waited for; one `perturb` at a time. */
export interface AsyncAttackEngine extends Pick<House, 'meter' | 'verdict'> {
  perturb(x: Float32Array, rows: number, step: number, rngs: readonly Rng[], out: Float32Array): Promise<void>;
}

/**
 * The house's half of an attack on a victim whose answers come later: large recorded batches on a GPU. Confines, verifies, meters and
 * judges as `attackEngine` does.
 * @throws {ShapeError} when threat, features and victim disagree on the number of features.
 * @throws {ConfigError} when the attack cannot wait, or has no meaning on the victim's head.
 */
export function asyncAttackEngine(setup: {
  readonly attack: ObservationAttack;
  readonly threat: ThreatModel;
  readonly victim: AsyncGradientAccess;
  readonly features: readonly Feature[];
}): AsyncAttackEngine {
  const { attack, threat, victim, features } = setup;
  const probe = metered(victim);
  const ours = house({ ...setup, apart: true }, probe.tally, 'asyncAttackEngine');
  if (attack.questions === undefined)
    throw new ConfigError('this attack asks its victim at once and cannot wait for a tensor backend');
  const questions = attack.questions.bind(attack);
  return {
    async perturb(x, rows, step, rngs, out) {
      ours.begin(x, rows, rngs, out);
      for (const question of questions(x, rows, victim, { step, rngs, threat, set: ours.set, features }, out))
        await answer(probe, question);
      const { cleanAction, action } = ours.confine(x, rows, out);
      await victim.decide(x, rows, cleanAction);
      await victim.decide(out, rows, action);
      ours.judge(x, rows, out);
    },
    get meter() {
      return ours.meter;
    },
    get verdict() {
      return ours.verdict;
    },
  };
}
