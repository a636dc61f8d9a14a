import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { targetOf, targetSpec } from '../../../attacks/target/index.ts';
import type { TargetSchedule } from '../../../attacks/target/schedule.ts';
import { ConfigError, StateError } from '../../../core/errors.ts';
import { goalOf } from '../../../core/goal.ts';
import { headOutputs } from '../../../core/policy.ts';
import type { Head } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Feature } from '../../../core/space.ts';
import type { Goal } from '../../../core/victim.ts';
import { drawnRehearsal } from '../../support/ready-attack.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
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

const unit = (name: string): Feature => ({ name, unit: '1', low: 0, high: 1 });
const observed: readonly Feature[] = [
  { name: 'hour_cos', unit: '1', low: -1, high: 1 },
  { name: 'hour_sin', unit: '1', low: -1, high: 1 },
  unit('electrical_storage_soc'),
  { name: 'electricity_pricing', unit: '$/kWh', low: 0.1, high: 0.5 },
];

/** What is aimed at on one row of `observed`, by a policy of one action that decided so. */
function goalAt(
  spec: z.input<typeof targetSpec>,
  { hour = 1, soc = 0.5, price = 0.3, clean = 0.2, head = heads.gaussian as Head, features = observed },
): { readonly side: number; readonly action: number } {
  const angle = (2 * Math.PI * hour) / 24;
  const x = Float32Array.of((Math.cos(angle) + 1) / 2, (Math.sin(angle) + 1) / 2, soc, (price - 0.1) / 0.4);
  const victim = { head, observationSize: 4, logitsSize: headOutputs(head) };
  const goal = goalOf(victim, 1);
  goal.x.set(x);
  if (head.kind === 'categorical') goal.clean[Math.round(clean)] = 1;
  else goal.clean[0] = clean;
  const target = targetOf(schemaOf(spec));
  const context = { ...contextOf(x, threatOf([1, 1, 1, 1]), []), features };
  target.aim(1, context, goal, victim);
  return { side: goal.side[0]!, action: goal.action[0]! };
}

const schemaOf = (spec: z.input<typeof targetSpec>): z.output<typeof targetSpec> => targetSpec.parse(spec);

describe('the furthest action', () => {
  it('is the other end of the range, or the bin there', () => {
    expect(goalAt('furthest-action', { clean: 0.2 }).action).toBe(0.78125);
    expect(goalAt('furthest-action', { clean: 0.7 }).action).toBe(-0.78125);
    const bins: Head = { kind: 'categorical', values: [0.4, -0.5, 0, 0.5] };
    expect([0, 1, 2, 3].map((bin) => goalAt('furthest-action', { clean: bin, head: bins }).action)).toEqual([
      -0.5, 0.5, 0.5, -0.5,
    ]);
  });
});

describe('by the observed hour', () => {
  const hours = Array.from({ length: 24 }, (_, i) => (i < 6 ? 'discharge' : i < 18 ? 'none' : 'charge'));
  it('a table from midnight on, CityLearn’s hour 1 first', () => {
    const sides = [1, 6, 7, 18, 19, 24].map((hour) => goalAt({ hours } as z.input<typeof targetSpec>, { hour }).side);
    expect(sides).toEqual([-1, -1, 0, 0, 1, 1]);
  });

  it('the hour itself will do', () => {
    const features = [{ name: 'hour', unit: 'h', low: 0, high: 24 }, unit('a'), unit('b'), unit('c')];
    // The cosine of hour 6 is 0, so 0.5 of 0 … 24: read as an hour it is 12, the table's twelfth.
    const side = (at: number): number =>
      goalAt({ hours: hours.with(at, 'charge') } as z.input<typeof targetSpec>, { hour: 6, features }).side;
    expect(side(11)).toBe(1);
    expect(side(12)).toBe(0);
  });

  it('peak and valley', () => {
    const spec = { peak: [18, 19], valley: [3] };
    expect([18, 19, 3, 12].map((hour) => goalAt(spec, { hour }).side)).toEqual([1, 1, -1, 0]);
    expect(() => targetOf(schemaOf({ peak: [3], valley: [3] }))).toThrow(/hour 3 is in peak and in valley/);
  });
});

it('by an observed price: charge when it is high, discharge when it is low', () => {
  const spec = { observed: 'electricity_pricing', above: 0.4, below: 0.2 };
  expect([0.45, 0.3, 0.15].map((price) => goalAt(spec, { price }).side)).toEqual([1, 0, -1]);
  expect(() => targetOf(schemaOf({ ...spec, below: 0.4 }))).toThrow(ConfigError);
});

describe('a battery', () => {
  it('that is empty is not asked to discharge, nor a full one to charge', () => {
    expect([0.02, 0.5, 0.98].map((soc) => goalAt({ battery: 'discharge' }, { soc }).side)).toEqual([1, -1, -1]);
    expect([0.02, 0.5, 0.98].map((soc) => goalAt({ battery: 'charge' }, { soc }).side)).toEqual([1, 1, -1]);
  });

  it('is asked for the opposite of the clean decision where nothing else is', () => {
    expect(goalAt({ battery: 'untargeted' }, { clean: 0.7 }).side).toBe(-1);
    expect(goalAt({ battery: 'untargeted' }, { clean: 0.7, soc: 0 }).side).toBe(1);
  });

  it('may be left idle, and forced actions are judged by their sign', () => {
    expect(goalAt({ battery: 'charge', otherwise: 'idle' }, { soc: 1 }).action).toBe(0);
    expect(goalAt({ battery: 'furthest-action' }, { clean: 0.2 })).toEqual({ side: 0, action: 0.78125 });
    expect(goalAt({ battery: 'furthest-action' }, { clean: 0.2, soc: 1 })).toEqual({ side: -1, action: Number.NaN });
  });
});

describe('what the policy does not observe is named', () => {
  const features = [unit('a'), unit('b'), unit('c'), unit('d')];
  it.each([
    [{ peak: [1] }, /reads the hour.*observes a, b, c, d/],
    [{ observed: 'electricity_pricing', above: 1, below: 0 }, /reads 'electricity_pricing'.*observes a, b/],
    [{ battery: 'charge' }, /reads 'electrical_storage_soc'.*observes a, b/],
  ] as const)('%j', (spec, message) => {
    expect(() => goalAt(spec as unknown as z.input<typeof targetSpec>, { features })).toThrow(ConfigError);
    expect(() => goalAt(spec as unknown as z.input<typeof targetSpec>, { features })).toThrow(message);
  });

  it('and a battery without its state of charge', () => {
    const twoBatteries: Head = { kind: 'deterministic', low: [-1, -1], high: [1, 1] };
    expect(() => goalAt({ battery: 'charge' }, { head: twoBatteries })).toThrow(/each of 2 batteries.*observes 1/);
  });
});

describe('another controller', () => {
  const other = referenceVictim(randomNetwork(rng(4), [4, 1]), { kind: 'deterministic', low: [-1], high: [1] });
  it('is imitated: what it does on the clean observation is forced', () => {
    const target = targetOf({ imitate: 'other' });
    expect(target.policies).toEqual(['other']);
    target.prepare!(drawnRehearsal(other));
    const victim = { head: heads.gaussian, observationSize: 4, logitsSize: 2 };
    const goal = goalOf(victim, 2);
    goal.x.set([0.1, 0.2, 0.3, 0.4, 0.9, 0.8, 0.7, 0.6]);
    target.aim(2, contextOf(goal.x, threatOf([1, 1, 1, 1]), []), goal, victim);
    const expected = new Float64Array(2);
    other.decide(goal.x, 2, expected);
    expect(goal.action).toEqual(expected);
  });

  it('has to be given first', () => {
    expect(() => goalAt({ imitate: 'other' }, {})).toThrow(StateError);
  });
});
