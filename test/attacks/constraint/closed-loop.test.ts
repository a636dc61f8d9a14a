import { beforeAll, describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import type { AttackName } from '../../../attacks/index.ts';
import { threatModel } from '../../../attacks/threat.ts';
import { rng } from '../../../core/rng.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import type { Feature } from '../../../core/space.ts';
import type { DecisionAccess, GradientAccess } from '../../../core/victim.ts';
import { openDistrict } from '../../../evaluation/district.ts';
import { plantModel } from '../../../evaluation/plant-model.ts';
import { recordings } from '../../../evaluation/rehearsal.ts';
import { schema } from '../../../evaluation/vocabulary.ts';
import { memoryWorkspace } from '../../support/memory-workspace.ts';

/*
 * Every attack in the closed loop under `physical`, looked at from outside: the trace of truths and of what was shown, in physical and in
 * normalised units, against the rules as a person at the controller would write them. None of the attack code is used to judge.
 */

const steps = 56;
const workspace = memoryWorkspace();

interface Trace {
  readonly features: readonly Feature[];
  readonly clean: readonly Float32Array[];
  readonly seen: readonly Float32Array[];
  readonly action: readonly number[];
  /** By constraint: on which steps it gave way. */
  readonly gaveWay: Readonly<Record<string, ReadonlySet<number>>>;
}

async function play(name: AttackName, config: object, threat: object, policy = 'small-ppo'): Promise<Trace> {
  const scenario = scenarioFrom({ district: { steps, normalisation: 'fixed' } }, 'test', schema);
  const district = await openDistrict(scenario, workspace, 1);
  using opened = district.env;
  const source = await workspace.victim(policy);
  const victim = source.network as GradientAccess;
  const features = opened.laneFeatures(0);
  const attack = attacks[name].make(config);
  const bounds = threatModel(threat, features);
  const engine = attackEngine({
    attack,
    threat: bounds,
    victim,
    features,
    plant: plantModel(opened.lane(0)),
  });
  if (attack.prepare !== undefined) {
    const record = recordings({
      source,
      buildings: scenario.district.buildings,
      open: () => district.rehearsal(),
      controller: rng(1),
      environment: rng(0),
    });
    const policy = (): DecisionAccess => restless(features.length, choicesOf(name, victim, bounds.epsilon));
    const learning = attack.prepare({ features, victim, rng: rng(6), stepsPerDay: 24, record, policy });
    while (learning.next().done !== true);
  }
  const trace = { features, clean: [] as Float32Array[], seen: [] as Float32Array[], action: [] as number[] };
  const gaveWay: Record<string, Set<number>> = {};
  const action = new Float64Array(opened.actionSize);
  const rngs = [rng(5).split(name)];
  let { observation } = opened.reset(rng(0));
  for (let step = 0; step < steps; step++) {
    const seen = new Float32Array(observation.length);
    trace.clean.push(observation.slice());
    engine.perturb(observation, 1, step, rngs, seen);
    expect(observation).toEqual(trace.clean.at(-1)); // not the attack's to change
    trace.seen.push(seen);
    victim.decide(seen, 1, action);
    trace.action.push(action[0]!);
    engine.acted(action);
    for (const verdict of engine.verdict.constraints) {
      const steps = (gaveWay[verdict.name] ??= new Set());
      if (verdict.gaveWay[0] === 1) steps.add(step);
    }
    observation = opened.step(action).observation;
  }
  return { ...trace, gaveWay };
}

/** A trace by feature name, in physical units. */
function physical({ features, ...trace }: Trace) {
  const at = (name: string): number => {
    const j = features.findIndex((feature) => feature.name === name);
    expect(j, name).toBeGreaterThanOrEqual(0);
    return j;
  };
  const value = (rows: readonly Float32Array[]) => (name: string, t: number) => {
    const { low, high } = features[at(name)]!;
    return low + rows[t]![at(name)]! * (high - low);
  };
  const range = (name: string): number => features[at(name)]!.high - features[at(name)]!.low;
  return { truth: value(trace.clean), shown: value(trace.seen), range };
}

/** Series of the data behind features, straight from the dataset. */
const data = new Map<string, Float64Array>();
beforeAll(async () => {
  const district = await workspace.dataset('builtin', ['Building_1']);
  const { weather } = district.buildings[0]!;
  for (const [feature, column] of [
    ['outdoor_dry_bulb_temperature', 'outdoor_dry_bulb_temperature'],
    ['diffuse_solar_irradiance_predicted_6h', 'diffuse_solar_irradiance_predicted_1'],
    ['direct_solar_irradiance', 'direct_solar_irradiance'],
  ] as const)
    data.set(feature, weather[column]);
});

const within = (value: number, low: number, high: number, slack: number): boolean =>
  value >= low - slack && value <= high + slack;

/** How many numbers a learned adversary chooses. */
function choicesOf(name: AttackName, { head }: GradientAccess, epsilon: Float32Array): number {
  if (name === 'learned-adversary') return epsilon.filter((value) => value > 0).length;
  return name === 'pa-ad' && head.kind === 'categorical' ? head.values.length - 1 : 1;
}

/** A learned adversary that has learnt nothing but to be restless: choices that swing with what it observes. */
function restless(observationSize: number, actionSize: number): DecisionAccess {
  return {
    observationSize,
    actionSize,
    decide(x, rows, action) {
      for (let i = 0; i < rows * actionSize; i++) {
        const row = Math.floor(i / actionSize);
        action[i] = Math.sin(97 * x[row * observationSize + (i % observationSize)]! + i);
      }
    },
  };
}

const configs: Partial<Record<AttackName, object>> = {
  'learned-adversary': { policy: 'restless' },
  'pa-ad': { policy: 'restless', steps: 3 },
  'action-adversary': { policy: 'restless', steps: 3 },
  bifurcation: { steps: 6 },
  'toggle-bifurcation': { steps: 6 },
  pgd: { steps: 4, restarts: 2 },
  'paper-pgd': { steps: 8 },
};
const threat = {
  preset: 'paper-5%',
  mask: ['outdoor_relative_humidity', 'carbon'],
  constraints: [{ name: 'physical' }],
};

describe.each(Object.keys(attacks) as AttackName[])('%s under physical', (name) => {
  let trace: Trace;
  let look: ReturnType<typeof physical>;
  beforeAll(async () => {
    trace = await play(name, configs[name] ?? {}, threat);
    look = physical(trace);
  }, 60_000);

  it('keeps epsilon, in both units, and masked features to the bit', () => {
    trace.seen.forEach((seen, t) => {
      trace.features.forEach((feature, j) => {
        const clean = trace.clean[t]![j]!;
        const masked = feature.name === 'outdoor_relative_humidity' || feature.name === 'carbon_intensity';
        if (masked) expect(Object.is(seen[j], clean)).toBe(true);
        expect(Math.abs(seen[j]! - clean)).toBeLessThanOrEqual(0.05);
        const moved = Math.abs(look.shown(feature.name, t) - look.truth(feature.name, t));
        expect(moved).toBeLessThanOrEqual(0.05 * Math.abs(feature.high - feature.low) * (1 + 1e-6));
      });
    });
  });

  it('shows whole hours, days and months, and prices of the tariff', () => {
    const prices = new Set([0.21, 0.26, 0.36, 0.2, 0.16, 0.23, 0.29, 0.54, 0.42].map(Math.fround));
    for (let t = 0; t < steps; t++) {
      for (const [pair, period] of [
        ['month', 12],
        ['day_type', 8],
        ['hour', 24],
      ] as const) {
        const turn = Math.atan2(look.shown(`${pair}_sin`, t), look.shown(`${pair}_cos`, t)) / (2 * Math.PI);
        expect(Math.abs(turn * period - Math.round(turn * period))).toBeLessThan(1e-4);
        expect(Math.hypot(look.shown(`${pair}_sin`, t), look.shown(`${pair}_cos`, t))).toBeCloseTo(1, 5);
      }
      for (const ahead of ['', '_predicted_6h', '_predicted_12h', '_predicted_24h']) {
        const price = look.shown(`electricity_pricing${ahead}`, t);
        expect(
          [...prices].some((level) => Math.abs(level - price) < 1e-6),
          `${price} at ${t}`,
        ).toBe(true);
      }
    }
  });

  it('shows no sun at night', () => {
    for (let t = 0; t < steps; t++) {
      for (const feature of trace.features.filter(({ name: one }) => /solar/.test(one))) {
        if (look.truth(feature.name, t) === 0) expect(look.shown(feature.name, t)).toBe(0);
      }
    }
  });

  it('shows what it forecast, within a hundredth of the range', () => {
    const broken = new Set<number>();
    for (const series of ['outdoor_dry_bulb_temperature', 'direct_solar_irradiance', 'electricity_pricing']) {
      const names = [series, ...[6, 12, 24].map((ahead) => `${series}_predicted_${ahead}h`)];
      const hours = [0, 6, 12, 24];
      for (let near = 0; near < 3; near++)
        for (let far = near + 1; far < 4; far++)
          for (let t = hours[far]! - hours[near]!; t < steps; t++) {
            const then = t - (hours[far]! - hours[near]!);
            const error = look.truth(names[near]!, t) - look.truth(names[far]!, then);
            const miss = look.shown(names[near]!, t) - look.shown(names[far]!, then);
            const tolerance = 0.01 * look.range(names[near]!);
            if (!within(miss, Math.min(-tolerance, error), Math.max(tolerance, error), 1e-3 * tolerance)) broken.add(t);
          }
    }
    expectExcused(broken, 'forecast');
  });

  it('moves no faster than the data, against what it showed last', () => {
    const most = new Map([...data].map(([feature, values]) => [feature, largestChange(values)]));
    const broken = new Set<number>();
    for (const feature of most.keys())
      for (let t = 1; t < steps; t++) {
        const truth = look.truth(feature, t) - look.truth(feature, t - 1);
        const change = look.shown(feature, t) - look.shown(feature, t - 1);
        const limit = most.get(feature)!;
        if (!within(change, Math.min(-limit, truth), Math.max(limit, truth), 1e-5 * look.range(feature))) broken.add(t);
      }
    expectExcused(broken, 'rate');
  });

  it('shows a state of charge that the battery would have come to, and a net consumption that adds up', () => {
    const [soc, energy] = [new Set<number>(), new Set<number>()];
    const battery = { efficiency: 0.9, capacity: 6.4 };
    for (let t = 1; t < steps; t++) {
      const own = { ...battery };
      const truth = charge(own, look.truth('electrical_storage_soc', t - 1), trace.action[t - 1]!);
      const shown = charge({ ...battery }, look.shown('electrical_storage_soc', t - 1), trace.action[t - 1]!);
      Object.assign(battery, own);
      const error = look.truth('electrical_storage_soc', t) - truth.soc;
      expect(Math.abs(error)).toBeLessThan(1e-5); // the reference below is the simulator's battery
      if (!within(look.shown('electrical_storage_soc', t) - shown.soc, -0.01, 0.01, 1e-5)) soc.add(t);
      const balance =
        look.shown('net_electricity_consumption', t) -
        look.shown('non_shiftable_load', t) +
        look.shown('solar_generation', t) -
        shown.energy;
      if (!within(balance, -0.1, 0.1, 1e-4)) energy.add(t);
    }
    expectExcused(soc, 'soc');
    expectExcused(energy, 'energy');
  });

  function expectExcused(broken: ReadonlySet<number>, rule: string): void {
    const gaveWay = trace.gaveWay[rule]!;
    expect(
      [...broken].filter((t) => !gaveWay.has(t)),
      rule,
    ).toEqual([]);
    expect(gaveWay.size, `${rule} gave way`).toBeLessThanOrEqual(steps / 10);
  }
});

/** The battery of CityLearn 2.0.0, written from specs/bifurcation.md 1.2 for Building_1's 6.4 kWh and 5 kW. */
function charge(battery: { efficiency: number; capacity: number }, soc: number, action: number) {
  const [capacity, power] = [6.4, 5];
  const line = (x: readonly number[], y: readonly number[], at: number): number => {
    const k = Math.max(
      1,
      x.findIndex((knot) => knot >= at),
    );
    return y[k - 1]! + ((y[k]! - y[k - 1]!) * (at - x[k - 1]!)) / (x[k]! - x[k - 1]!);
  };
  const most = power * line([0, 0.8, 1], [1, 1, 0.2], soc);
  const asked = action * capacity;
  const energy =
    asked >= 0
      ? Math.min(most, battery.capacity - soc * capacity, asked)
      : Math.max(-most, -Math.max(soc * capacity * battery.efficiency, 0), asked);
  const efficiency = line([0, 0.3, 0.7, 0.8, 1], [0.83, 0.83, 0.9, 0.9, 0.85], Math.abs(energy) / power);
  const root = Math.sqrt(efficiency);
  const after =
    energy >= 0 ? Math.min(soc * capacity + energy * root, capacity) : Math.max(0, soc * capacity + energy / root);
  const change = after - soc * capacity;
  const taken = change >= 0 ? change / root : change * root;
  battery.efficiency = efficiency;
  battery.capacity = Math.max(battery.capacity - (1e-5 * capacity * Math.abs(taken)) / (2 * battery.capacity), 0);
  return { soc: after / capacity, energy: taken };
}

function largestChange(values: Float64Array): number {
  return values.reduce((most, value, row) => (row === 0 ? 0 : Math.max(most, Math.abs(value - values[row - 1]!))), 0);
}
