import { describe, expect, it } from 'vitest';
import { targetOf } from '../../../attacks/target/index.ts';
import type { TargetSchedule } from '../../../attacks/target/schedule.ts';
import { goalOf } from '../../../core/goal.ts';
import { headOutputs } from '../../../core/policy.ts';
import type { Head } from '../../../core/policy.ts';
import type { Goal } from '../../../core/victim.ts';
import { contextOf, threatOf } from '../../support/threat.ts';

const threeBatteries: Head = { kind: 'squashed-gaussian', low: [-1, -1, -1], high: [1, 1, 1] };
const rows = 2;

function aimed(target: TargetSchedule, step = 0): Goal {
  const victim = { head: threeBatteries, observationSize: 1, logitsSize: headOutputs(threeBatteries) };
  const goal = goalOf(victim, rows);
  target.aim(rows, contextOf(new Float32Array(rows), threatOf([0.1]), [], step), goal, victim);
  return goal;
}

describe('sides', () => {
  it('name one for each battery, repeated in every row', () => {
    const target = targetOf({ sides: ['discharge', 'charge', 'none'], toggle: false });
    expect([...aimed(target).side]).toEqual([-1, 1, 0, -1, 1, 0]);
    expect([...aimed(target, 1).side]).toEqual([-1, 1, 0, -1, 1, 0]);
    expect([...aimed(targetOf({ sides: ['charge'], toggle: false })).side]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('turn around on odd steps', () => {
    const target = targetOf('toggle-opposed');
    expect([...aimed(target, 4).side]).toEqual([-1, 1, -1, -1, 1, -1]);
    expect([...aimed(target, 5).side]).toEqual([1, -1, 1, 1, -1, 1]);
  });
});
