import type { Norm, ThreatModel } from '../../core/attack.ts';
import type { Ball } from './ball.ts';
import { l0Ball } from './l0.ts';
import { l1Ball } from './l1.ts';
import { l2Ball } from './l2.ts';
import { linfBall } from './linf.ts';

const balls = { linf: linfBall, l2: l2Ball, l1: l1Ball, l0: l0Ball } satisfies Record<Norm, () => Ball>;

/** Sets of a threat model's norm; `around` puts them round a batch. */
export function threatSet({ norm }: Pick<ThreatModel, 'norm'>): Ball {
  return balls[norm]();
}
