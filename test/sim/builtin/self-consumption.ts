import type { BuildingData } from '../../../sim/data/dataset.ts';

/** kW of its panels. */
export function panelPower(building: BuildingData): number {
  return building.devices.pv!.attributes['nominal_power'] as number;
}

/** Load minus generation [rows], kWh. */
export function netWithoutStorage(building: BuildingData): Float64Array {
  const { non_shiftable_load: load, solar_generation: generation } = building.energy;
  return load.map((value, row) => value - (panelPower(building) * generation[row]!) / 1000);
}

/**
 * Net consumption [rows] when the battery always asks to cancel the net load of the hour before: what a home battery does.
 *
 * The battery is that of CityLearn 2.0, written down a second time so that this judges the data without the simulator.
 */
export function selfConsumption(building: BuildingData): Float64Array {
  const net = netWithoutStorage(building);
  const { attributes } = building.devices.electrical_storage!;
  const [capacity, nominalPower] = [attributes['capacity'] as number, attributes['nominal_power'] as number];
  const controlled = net.slice();
  let soc = 0;
  let degraded = capacity;
  let efficiency = 0.9;
  for (let t = 0; t + 1 < net.length; t++) {
    let energy = Math.max(-capacity, Math.min(capacity, -net[t]!));
    const limit = nominalPower * piecewise(soc, [0, 0.8, 1], [1, 1, 0.2]);
    energy =
      energy >= 0
        ? Math.min(limit, degraded - soc * capacity, energy)
        : Math.max(-limit, -Math.max(soc * capacity * efficiency, 0), energy);
    efficiency = piecewise(Math.abs(energy) / nominalPower, [0, 0.3, 0.7, 0.8, 1], [0.83, 0.83, 0.9, 0.9, 0.85]);
    const oneWay = Math.sqrt(efficiency);
    const stored = soc * capacity;
    const next = energy >= 0 ? Math.min(stored + energy * oneWay, capacity) : Math.max(0, stored + energy / oneWay);
    const drawn = next >= stored ? (next - stored) / oneWay : (next - stored) * oneWay;
    degraded = Math.max(degraded - (1e-5 * capacity * Math.abs(drawn)) / (2 * degraded), 0);
    soc = next / capacity;
    controlled[t + 1] = net[t + 1]! + drawn;
  }
  return controlled;
}

/** Consumption with storage over consumption without; each hour counts from 0 up. */
export function consumptionRatio(controlled: Float64Array, baseline: Float64Array): number {
  const bought = (net: Float64Array): number => net.reduce((energy, value) => energy + Math.max(value, 0), 0);
  return bought(controlled) / bought(baseline);
}

function piecewise(x: number, xs: readonly number[], ys: readonly number[]): number {
  let k = 0;
  while (k < xs.length - 2 && x > xs[k + 1]!) k++;
  return ys[k]! + ((ys[k + 1]! - ys[k]!) * (x - xs[k]!)) / (xs[k + 1]! - xs[k]!);
}
