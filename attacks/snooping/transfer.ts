import type { ObservationAttack, Recording, ThreatModel } from '../../core/attack.ts';
import type { Definition } from '../../core/definition.ts';
import type { Rng } from '../../core/rng.ts';
import type { Feature } from '../../core/space.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { attackEngine } from '../engine.ts';

/** How much of a white-box attack's effect an imitator's passes on, at so many recorded days. */
export interface Transfer {
  readonly days: number;
  /** Mean |Δu|, share of the range. */
  readonly transferred: number;
  readonly whiteBox: number;
  /** transferred / whiteBox; null where the white box moves nothing. */
  readonly ratio: number | null;
}

/**
 * The transfer ratio against recorded days, open loop: the same attack made on the victim and on imitators of longer and longer recordings, on
 * the same observations [rows×O].
 * @param attack on the victim  @param snooping the same, by way of an imitator of so many days
 */
export function transferCurve(setup: {
  readonly attack: ObservationAttack;
  readonly snooping: Definition<ObservationAttack>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly days: readonly number[];
  readonly victim: GradientAccess;
  readonly threat: ThreatModel;
  readonly features: readonly Feature[];
  readonly record: (steps: number) => Recording;
  readonly x: Float32Array;
  readonly rng: Rng;
}): readonly Transfer[] {
  const { victim, threat, features, x, rng } = setup;
  const rows = x.length / features.length;
  const moved = (attack: ObservationAttack): number => {
    const engine = attackEngine({ attack, threat, victim, features });
    const rngs = Array.from({ length: rows }, (_, row) => rng.split('rows').split(row));
    engine.perturb(x, rows, 0, rngs, new Float32Array(x.length));
    return engine.verdict.actionChange.reduce((sum, change) => sum + change, 0) / rows;
  };
  const whiteBox = moved(setup.attack);
  return setup.days.map((days) => {
    const attack = setup.snooping.make({ ...setup.config, days });
    const rehearsal = { features, victim, rng, record: setup.record };
    for (const _ of attack.prepare!(rehearsal));
    const transferred = moved(attack);
    return { days, transferred, whiteBox, ratio: whiteBox === 0 ? null : transferred / whiteBox };
  });
}
