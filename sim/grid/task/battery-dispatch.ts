import { z } from 'zod';
import type { Feature } from '../../../core/space.ts';
import type { Channel } from '../../../core/telemetry.ts';
import type { Kernel } from '../../lockstep-env.ts';
import { HourCost, limited, stored } from './battery.ts';
import type { DispatchBattery } from './battery.ts';
import { bestSchedule } from './battery-optimum.ts';
import { DayObservation, hourFeatures, voltageRange } from './day-observation.ts';
import { daysFor, hoursPerDay } from './feeder-year.ts';
import type { DayUse } from './feeder-year.ts';
import { bandOption, busNumber, caseOption, panelsOption, violationPrice } from './feeder-options.ts';
import { Feeder } from './feeder.ts';
import type { GridTask, Measure } from './task.ts';

export const batteryDispatchConfig = z.strictObject({
  case: caseOption,
  batteries: z
    .array(
      z.strictObject({
        bus: busNumber,
        mw: z.number().gt(0).max(1000).default(0.4).describe('Most that it takes or gives at its bus, MW.'),
        mwh: z.number().gt(0).max(10_000).default(1.6).describe('What it holds, MWh.'),
      }),
    )
    .min(1)
    .max(8)
    .refine((list) => new Set(list.map(({ bus }) => bus)).size === list.length, 'two batteries at one bus')
    .prefault([{ bus: 18 }])
    .describe('Batteries, one a bus.'),
  efficiency: z.number().gt(0.5).max(1).default(0.95).describe('Of a battery, each way.'),
  panels: panelsOption,
  band: bandOption,
  violation_price: violationPrice,
});

/** What an hour of it comes to. */
export const batteryMeasures: readonly Omit<Measure, 'at'>[] = [
  { name: 'cost', unit: '$', fold: 'sum' },
  { name: 'saving', unit: '$', fold: 'sum' },
  { name: 'energy_cost', unit: '$', fold: 'sum' },
  { name: 'loss', unit: 'MWh', fold: 'sum' },
  { name: 'voltage_violation', unit: 'p.u. h', fold: 'sum' },
  { name: 'voltage_least', unit: 'p.u.', fold: 'least' },
  { name: 'throughput', unit: 'MWh', fold: 'sum' },
];

/** Hours of day-ahead prices that are observed, the present one included. */
const pricesShown = 8;

/**
 * Batteries on a radial feeder through a day.
 *
 * | | |
 * |---|---|
 * | observation | hour (cos, sin), day-ahead price of this hour and the next seven, load and sunshine, per battery its state of charge and the voltage at its bus in the last hour, the feeder's least voltage then; [0, 1] |
 * | action [B] | MW at each battery's bus, + charge; limited by its rating, and by what it holds or has room for |
 * | reward | what the batteries saved against idle ones in the hour, $: (cost idle) − (cost) + (mean price · efficiency) · (what more they hold) |
 * | start | a day of the year, charges uniform in 0 … 1 |
 * | truncated | after 24 steps of one hour |
 *
 * Cost of an hour: `price · slack + penalty · Σ_bus (max(0, low − V) + max(0, V − high))`; slack has the losses in it. The cost of idle batteries does not depend on what is
 * done, so that the cheapest day is the one with the highest return. Hours after the day's end are shown at the mean price, at which they count.
 */
export function batteryDispatch(raw: unknown, use: DayUse): GridTask {
  const config = batteryDispatchConfig.parse(raw);
  const feeder = new Feeder(config.case, config.panels, config.band);
  const { year } = feeder;
  const batteries = config.batteries.map((own): DispatchBattery => ({
    ...own,
    order: feeder.order(own.bus),
    efficiency: config.efficiency,
  }));
  const many = batteries.length;
  const cost = new HourCost(feeder, batteries, config.violation_price);
  const worth = year.meanPrice * config.efficiency;
  const days = daysFor(use);
  const idle = new Float64Array(many);
  const taken = new Float64Array(many);

  const state: Channel[] = [
    { name: 'day', unit: 'day' },
    { name: 'hour', unit: 'h' },
    ...batteries.map(({ bus }) => ({ name: `bus${bus}_storage_soc`, unit: '1' })),
    ...batteries.map(({ bus }) => ({ name: `bus${bus}_voltage`, unit: 'p.u.' })),
    { name: 'voltage_min', unit: 'p.u.' },
  ];
  const [SOC, V] = [2, 2 + many];
  const VMIN = V + many;
  const first = state.length;
  const measures = batteryMeasures.map((measure, k): Measure => ({ ...measure, at: first + k }));

  const look = (own: Float64Array): void => {
    for (let b = 0; b < many; b++) own[V + b] = feeder.voltage(batteries[b]!.order);
    own[VMIN] = feeder.vmin;
  };
  const features: Feature[] = [
    ...hourFeatures(pricesShown),
    ...batteries.map(({ bus }) => ({ name: `bus${bus}_storage_soc`, unit: '1', low: 0, high: 1 })),
    ...batteries.map(({ bus }) => ({ name: `bus${bus}_voltage`, unit: 'p.u.', ...voltageRange })),
    { name: 'voltage_min', unit: 'p.u.', ...voltageRange },
  ];
  const shown = new DayObservation(features, year, pricesShown);
  const kernel: Kernel = {
    features,
    actions: batteries.map(({ bus, mw }) => ({
      name: many === 1 ? 'power' : `bus${bus}_power`,
      unit: 'MW',
      low: -mw,
      high: mw,
    })),
    state: [...state, ...measures],
    horizon: hoursPerDay,
    init(own, rng) {
      own[0] = days[rng.int(days.length)]!;
      own[1] = 0;
      for (let b = 0; b < many; b++) own[SOC + b] = rng.uniform();
      cost.of(own[0] * hoursPerDay, idle);
      look(own);
    },
    observe(own, out) {
      shown.write(own, SOC, VMIN, out);
    },
    advance(own, action) {
      const hour = own[0]! * hoursPerDay + own[1]!;
      const without = cost.of(hour, idle);
      let [held, through] = [0, 0];
      for (let b = 0; b < many; b++) {
        const battery = batteries[b]!;
        taken[b] = limited(battery, own[SOC + b]!, action[b]!);
        const more = stored(battery, taken[b]!);
        own[SOC + b] = Math.min(1, Math.max(0, own[SOC + b]! + more / battery.mwh));
        held += more;
        through += Math.abs(taken[b]!);
      }
      const paid = cost.of(hour, taken) - worth * held;
      look(own);
      own[1]!++;
      own[first] = paid;
      own[first + 1] = without - paid;
      own[first + 2] = cost.energy;
      own[first + 3] = cost.loss;
      own[first + 4] = cost.violation;
      own[first + 5] = feeder.vmin;
      own[first + 6] = through;
      return without - paid;
    },
  };
  return {
    kernel,
    secondsPerStep: 3600,
    measures,
    references:
      many === 1 ? { optimum: (own) => bestSchedule(cost, own[0]! * hoursPerDay, own[SOC]!, worth).saving } : {},
  };
}
