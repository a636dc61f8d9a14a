import type { ObservationAttack, ThreatModel } from '../core/attack.ts';
import { assertLength, ConfigError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Feature } from '../core/space.ts';
import type { AsyncGradientAccess } from '../core/victim.ts';
import { firstOutside, linfBall } from './ball/linf.ts';
import type { AttackEngine } from './engine.ts';
import { meteredAsync } from './meter.ts';
import { judge, outsideError, verdictOf } from './verdict.ts';

/** `AttackEngine` for a victim that has to be waited for; one `perturb` at a time. */
export interface AsyncAttackEngine extends Pick<AttackEngine, 'meter' | 'verdict'> {
  perturb(x: Float32Array, rows: number, step: number, rngs: readonly Rng[], out: Float32Array): Promise<void>;
}

/**
 * The house's half of an attack on a victim whose answers come later: large recorded batches on a GPU. Confines, verifies, meters and
 * judges as `attackEngine` does.
 * @throws {ConfigError} when the attack cannot wait, or has no meaning on the victim's head.
 */
export function asyncAttackEngine(setup: {
  readonly attack: ObservationAttack;
  readonly threat: ThreatModel;
  readonly victim: AsyncGradientAccess;
  readonly features: readonly Feature[];
}): AsyncAttackEngine {
  const { attack, threat, victim, features } = setup;
  assertLength(features, victim.observationSize, 'features', 'asyncAttackEngine');
  assertLength(threat.epsilon, victim.observationSize, 'epsilon', 'asyncAttackEngine');
  attack.check?.(victim.head);
  if (attack.questions === undefined)
    throw new ConfigError('this attack asks its victim at once and cannot wait for a tensor backend');
  const questions = attack.questions.bind(attack);
  const probe = meteredAsync(victim);
  const ball = linfBall();
  let verdict = verdictOf(0, 0);
  let rejected = 0;
  return {
    async perturb(x, rows, step, rngs, out) {
      assertLength(x, rows * victim.observationSize, 'x', 'perturb');
      assertLength(out, x.length, 'out', 'perturb');
      probe.tally.begin(rows);
      for (const question of questions(x, rows, victim, { step, rngs, threat, features }, out)) {
        if (question.kind === 'logits') await probe.logits(question.x, question.rows, question.out, question.of);
        else {
          const { objective, rows: asked, value, gradient, of } = question;
          await probe.valueAndGradient(objective, question.x, asked, value, gradient, of);
        }
      }
      ball.around(x, rows, threat);
      rejected += ball.project(out);
      const outside = firstOutside(x, out, rows, threat);
      if (outside >= 0) throw outsideError(x, out, outside, threat, features);
      if (verdict.linf.length !== rows) verdict = verdictOf(rows, victim.actionSize);
      await victim.decide(x, rows, verdict.cleanAction);
      await victim.decide(out, rows, verdict.action);
      judge(verdict, probe.tally, victim.head, x, out, rows);
    },
    get meter() {
      return { queries: probe.tally.queries, gradients: probe.tally.gradients, rejected };
    },
    get verdict() {
      return verdict;
    },
  };
}
