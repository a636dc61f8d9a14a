import type { BoxedPlant } from '../../core/plant.ts';
import type { Kernel } from '../../sim/lockstep-env.ts';
import { batteryRange } from '../../sim/district/battery-range.ts';
import { BATTERY_CAPACITY, BATTERY_EFFICIENCY, BATTERY_SOC_BEFORE, FIXED_FIELDS } from '../../sim/district/hour.ts';

const capacity = 6.4;
const power = 5;
const powers = [
  [0, 1],
  [0.8, 1],
  [1, 0.2],
] as const;
const efficiencies = [
  [0, 0.83],
  [0.3, 0.83],
  [0.7, 0.9],
  [0.8, 0.9],
  [1, 0.85],
] as const;

function lookUp(knots: readonly (readonly [number, number])[], at: number): number {
  const k = Math.max(1, knots.findIndex(([x]) => at <= x) < 0 ? knots.length - 1 : knots.findIndex(([x]) => at <= x));
  const [x0, y0] = knots[k - 1]!;
  const [x1, y1] = knots[k]!;
  return y0 + ((y1 - y0) * (at - x0)) / (x1 - x0);
}

/** The paper's battery, as specs/bifurcation.md 1.2 states it, without degradation; returns the new charge, the energy drawn and the efficiency. */
export function paperBattery(soc: number, before: number, action: number): readonly [number, number, number] {
  const most = power * lookUp(powers, soc);
  const asked = action * capacity;
  const energy =
    asked >= 0
      ? Math.min(most, capacity - soc * capacity, asked)
      : Math.max(-most, -Math.max(soc * capacity * before, 0), asked);
  const efficiency = lookUp(efficiencies, Math.abs(energy) / power);
  const root = Math.sqrt(efficiency);
  const stored =
    energy >= 0 ? Math.min(soc * capacity + energy * root, capacity) : Math.max(0, soc * capacity + energy / root);
  const change = stored - soc * capacity;
  return [stored / capacity, change >= 0 ? change / root : change * root, efficiency];
}

/** A house of so many hours with the paper's battery; it observes charge, net consumption and hour. @param base [steps + 1] kWh without the battery */
export function toyPlant(base: readonly number[], price: readonly number[], carbon: readonly number[]): BoxedPlant {
  const curve = (points: readonly (readonly [number, number])[]) => ({
    x: Float64Array.from(points, ([x]) => x),
    y: Float64Array.from(points, ([, y]) => y),
  });
  const range = batteryRange(
    {
      capacity,
      nominalPower: power,
      efficiency: 0.9,
      lossCoefficient: 0,
      capacityLossCoefficient: 0,
      initialSoc: 0,
      depthOfDischarge: 1,
      powerEfficiency: curve(efficiencies),
      capacityPower: curve(powers),
    },
    'v2.0',
  );
  const hours = { low: new Float64Array(FIXED_FIELDS), high: new Float64Array(FIXED_FIELDS) };
  const fill = (block: Float64Array, state: Float64Array, at: number): void => {
    block[BATTERY_SOC_BEFORE] = state[at]!;
    block[BATTERY_EFFICIENCY] = state[at + 2]!;
    block[BATTERY_CAPACITY] = capacity;
  };
  const observe = (t: number, state: Float64Array, at: number, out: Float32Array, offset: number): void =>
    out.set([state[at]!, (state[at + 1]! + 6) / 18, (t % 24) / 24], offset);
  return {
    steps: base.length - 1,
    stateSize: 3,
    capacity,
    low: -power / capacity,
    high: power / capacity,
    price: Float64Array.from(price.slice(1)),
    carbon: Float64Array.from(carbon.slice(1)),
    start(state, at) {
      state.set([0.4, base[0]!, 0.9], at);
    },
    advance(t, action, state, at) {
      const [soc, drawn, efficiency] = paperBattery(state[at]!, state[at + 2]!, action);
      state.set([soc, base[t + 1]! + drawn, efficiency], at);
    },
    observe,
    advanceBox(t, lowest, highest, low, high, at) {
      fill(hours.low, low, at);
      fill(hours.high, high, at);
      const { soc, balance, efficiency } = range(hours.low, hours.high, lowest * capacity, highest * capacity);
      low.set([soc.low, base[t + 1]! + balance.low, efficiency.low], at);
      high.set([soc.high, base[t + 1]! + balance.high, efficiency.high], at);
    },
    observeBox(t, low, high, at, lowest, highest, offset) {
      observe(t, low, at, lowest, offset);
      observe(t, high, at, highest, offset);
    },
    soc: (state, at) => state[at]!,
    net: (state, at) => state[at + 1]!,
    efficiency: (state, at) => state[at + 2]!,
    assume(soc, net, state, at) {
      state[at] = soc;
      state[at + 1] = net;
    },
  };
}

/** A day of load and panels, one price and one carbon intensity an hour. */
export function toyDay(hours = 24): readonly [number[], number[], number[]] {
  const each = <T>(of: (hour: number) => T): T[] => Array.from({ length: hours + 1 }, (_, hour) => of(hour % 24));
  return [
    each((h) => 0.6 + 0.9 * Math.exp(-(((h - 19) / 3) ** 2)) - 2.4 * Math.max(0, Math.sin(((h - 6) * Math.PI) / 12))),
    each((h) => (h >= 16 && h < 21 ? 0.5 : 0.22)),
    each((h) => 0.15 + 0.06 * Math.cos((h * Math.PI) / 12)),
  ];
}

/** Days of the toy plant as an environment that pays minus what is taken from the grid. */
export function toyKernel(): Kernel {
  const plant = toyPlant(...toyDay());
  const own = new Float64Array(plant.stateSize);
  return {
    features: ['charge', 'net', 'hour'].map((name) => ({ name, unit: '1', low: 0, high: 1 })),
    actions: [{ name: 'battery', unit: '1', low: plant.low, high: plant.high }],
    state: ['t', 'charge', 'net', 'efficiency'].map((name) => ({ name, unit: '1' })),
    horizon: plant.steps,
    init(state) {
      plant.start(own, 0);
      state.set([0, ...own]);
    },
    observe(state, out) {
      plant.observe(state[0]!, state, 1, out, 0);
    },
    advance(state, action) {
      plant.advance(state[0]!, action[0]!, state, 1);
      state[0]!++;
      return -Math.max(0, plant.net(state, 1));
    },
  };
}
