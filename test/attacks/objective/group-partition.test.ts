import { describe, expect, it } from 'vitest';
import { objectiveOf } from '../../../attacks/objective/index.ts';
import type { groupsSpec } from '../../../attacks/objective/group-partition.ts';
import { ConfigError } from '../../../core/errors.ts';
import { goalOf } from '../../../core/goal.ts';
import type { Head } from '../../../core/policy.ts';
import type { Objective } from '../../../core/victim.ts';
import type { z } from 'zod';

const head: Head = { kind: 'categorical', values: [-0.5, -0.25, 0, 0.25, 0.5] };
const logits = [0.3, 1.2, 2.5, -0.4, 0.9];
type Spec = z.output<typeof groupsSpec>;
const objectiveOn = (spec: Partial<Spec>): Objective =>
  objectiveOf({ groups: [], by: 'index', reduce: 'max', ...spec });

function valueOf(spec: Partial<Spec>, { clean = logits, side = 0, action = Number.NaN } = {}): number {
  const goal = goalOf({ head, observationSize: 0, logitsSize: 5 }, 1);
  goal.clean.set(clean);
  goal.side.fill(side);
  goal.action.fill(action);
  const value = new Float32Array(1);
  const objective = objectiveOn(spec);
  objective.check(head);
  objective.evaluate(head, Float32Array.from(logits), goal, 1, value, new Float32Array(5));
  return value[0]!;
}

describe('a partition of the bins', () => {
  const groups = [[0, 4], [1]]; // and the rest: 2, 3

  it('leaves the group of the clean decision, whichever group wins', () => {
    expect(valueOf({ groups })).toBeCloseTo(1.2 - 2.5, 6);
    expect(valueOf({ groups }, { clean: [9, 0, 0, 0, 0] })).toBeCloseTo(2.5 - 0.9, 6);
  });

  it('goes to the group of the forced action, or of the bin furthest on a side', () => {
    expect(valueOf({ groups }, { action: -0.3 })).toBeCloseTo(1.2 - 2.5, 6);
    expect(valueOf({ groups }, { side: 1 })).toBeCloseTo(0.9 - 2.5, 6);
  });

  it('softly: the log odds of the group', () => {
    const p = logits.map((z) => Math.exp(z));
    const odds = Math.log((p[2]! + p[3]!) / (p[0]! + p[1]! + p[4]!));
    expect(valueOf({ groups, reduce: 'log-sum-exp' })).toBeCloseTo(-odds, 6);
  });

  it('is the same by actions, which may be rounded', () => {
    expect(valueOf({ groups: [[-0.501, 0.5], [-0.25]], by: 'action' })).toBe(valueOf({ groups }));
  });

  it.each([
    [{ groups: [[5]] }, /no bin 5/],
    [{ groups: [[0.5]] }, /no bin 0.5/],
    [{ groups: [[0, 1], [1]] }, /bin 1 .* in groups 0 and 1/],
    [{ groups: [[0, 1, 2, 3, 4]] }, /one group has all/],
    [{ groups: [[0.3]], by: 'action' }, /no bin has the action 0.3/],
  ] as const)('%j is refused', (spec, message) => {
    const objective = objectiveOn(spec as unknown as Partial<Spec>);
    expect(() => objective.check(head)).toThrow(ConfigError);
    expect(() => objective.check(head)).toThrow(message);
  });
});
