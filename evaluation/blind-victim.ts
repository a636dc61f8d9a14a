import { ConfigError } from '../core/errors.ts';
import type { GradientAccess } from '../core/victim.ts';

/**
 * A rule as the attack engine sees it: nothing to ask. A rule may count its own calls (bang-bang) or draw (random), so
 * judging its decision on an extra query would disturb it; its verdicts stay 0 and the lane meter leaves them out.
 */
export function blindVictim(name: string, observationSize: number, actionSize: number): GradientAccess {
  const refuse = (): never => {
    throw new ConfigError(`'${name}' is a rule: it has no logits and no gradients`);
  };
  return {
    observationSize,
    actionSize,
    logitsSize: 0,
    head: {
      kind: 'deterministic',
      low: Array.from({ length: actionSize }, () => -1),
      high: Array.from({ length: actionSize }, () => 1),
    },
    decide: (_x, _rows, action) => void action.fill(0),
    logits: refuse,
    valueAndGradient: refuse,
  };
}
