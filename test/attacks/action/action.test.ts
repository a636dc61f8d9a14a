import { describe, expect, it } from 'vitest';
import { actionEngine } from '../../../attacks/action/engine.ts';
import { actionAttacks } from '../../../attacks/action/index.ts';
import type { ActionAttackName } from '../../../attacks/action/index.ts';
import type { ActionAttack } from '../../../core/attack.ts';
import { BudgetError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';

const features = [
  { name: 'battery', unit: '1', low: -0.8, high: 0.8 },
  { name: 'heat', unit: 'kW', low: 0, high: 4 },
];
const decided = [
  [0.5, 1, -0.25, 3],
  [-0.75, 2, 0.125, 0],
  [0, 4, 0.75, 0.5],
];

/** What is done over three steps of two lanes, and the engine after the last. */
function done(name: ActionAttackName, config: object) {
  const engine = actionEngine({ attack: actionAttacks[name].make(config), features, discrete: true });
  const rngs = [rng(1), rng(2)];
  const actions = decided.map((step, t) => {
    const action = Float64Array.from(step);
    engine.tamper(action, 2, t, rngs);
    return [...action];
  });
  return { actions, engine };
}

describe('attacks on actions', () => {
  it('flip the sign, within range and bound', () => {
    expect(done('action-flip', {}).actions[0]).toEqual([-0.5, 0, 0.25, 0]); // heat cannot be negative
    expect(done('action-flip', { bound: 0.25 }).actions[0]).toEqual([0.25, 0.75, 0, 2.75]);
  });

  it('scale', () => {
    expect(done('action-scale', { factor: 2 }).actions[1]).toEqual([-0.8, 4, 0.25, 0]);
    expect(done('action-scale', {}).actions[1]).toEqual([-0.375, 1, 0.0625, 0]);
  });

  it('hold what was done before', () => {
    expect(done('action-hold', {}).actions).toEqual([decided[0], decided[0], decided[0]]);
    expect(done('action-hold', { bound: 1 }).actions[1]).toEqual([0.25, 1, -0.25, 1]);
  });

  it('add noise of the bound, the same for the same stream, on a share of the steps', () => {
    const { actions } = done('action-noise', { bound: 0.1 });
    expect(actions).toEqual(done('action-noise', { bound: 0.1 }).actions);
    actions.forEach((step, t) =>
      step.forEach((action, i) => {
        expect(Math.abs(action - decided[t]![i]!)).toBeLessThanOrEqual(0.1);
        const { low, high } = features[i % 2]!;
        expect(action >= low && action <= high).toBe(true);
      }),
    );
    expect(done('action-noise', { share: 0 }).actions).toEqual(decided);
    const attack = actionAttacks['action-flip'].make({ share: 0.3 });
    const streams = [rng(5)];
    let struck = 0;
    for (let t = 0; t < 2000; t++) {
      const out = new Float64Array(2);
      attack.tamper(Float64Array.of(0.5, 1), 1, { step: t, rngs: streams, features }, out);
      if (out[0] !== 0.5) struck++;
    }
    expect(struck / 2000).toBeCloseTo(0.3, 1);
  });

  it('are judged by what was decided and what is done', () => {
    const { engine, actions } = done('action-flip', {});
    const { cleanAction, action, actionChange, success, linf } = engine.verdict;
    expect([...cleanAction]).toEqual(decided[2]);
    expect([...action]).toEqual(actions[2]);
    // lane 0: 0 stays, heat 4 → 0: (0 + 1)/2; lane 1: .75 → −.75 of 1.6, .5 → 0 of 4
    expect(actionChange[0]).toBeCloseTo(0.5, 12);
    expect(actionChange[1]).toBeCloseTo((1.5 / 1.6 + 0.5 / 4) / 2, 12);
    expect([...success]).toEqual([1, 1]);
    expect([...linf]).toEqual([0, 0]);
  });

  it('that break their bound are stopped', () => {
    const attack: ActionAttack = {
      stage: 'action',
      bound: 0.1,
      tamper: (action, _r, _c, out) => out.set(action.map((a) => a + 0.2)),
    };
    const engine = actionEngine({ attack, features, discrete: false });
    const step = (): void => engine.tamper(Float64Array.of(0.5, 1), 1, 0, [rng(1)]);
    expect(step).toThrow(BudgetError);
    expect(step).toThrow("lane 0, action 'battery': tampered from 0.5 to 0.7; allowed ±0.1 within -0.8 … 0.8");
  });
});
