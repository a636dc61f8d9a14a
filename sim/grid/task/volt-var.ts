import { z } from 'zod';
import type { Feature } from '../../../core/space.ts';
import type { Channel } from '../../../core/telemetry.ts';
import type { Kernel } from '../../lockstep-env.ts';
import { DayObservation, hourFeatures, voltageRange } from './day-observation.ts';
import { daysFor, hoursPerDay } from './feeder-year.ts';
import type { DayUse } from './feeder-year.ts';
import { bandOption, busNumber, caseOption, violationPrice } from './feeder-options.ts';
import { Feeder } from './feeder.ts';
import type { GridTask, Measure } from './task.ts';
import { ReactiveHour } from './reactive-hour.ts';

export const voltVarConfig = z.strictObject({
  case: caseOption,
  inverters: z
    .array(
      z.strictObject({
        bus: busNumber,
        mw: z.number().min(0).max(1000).default(0.5).describe('Rating of its panels, MW.'),
        mva: z.number().gt(0).max(1000).default(0.6).describe('Rating of the inverter, MVA.'),
      }),
    )
    .min(1)
    .max(16)
    .refine((list) => new Set(list.map(({ bus }) => bus)).size === list.length, 'two inverters at one bus')
    .prefault([{ bus: 14 }, { bus: 25 }, { bus: 31 }])
    .describe('Inverters of panels, one a bus.'),
  capacitors: z
    .array(z.strictObject({ bus: busNumber, mvar: z.number().gt(0).max(1000).describe('Rating, MVAr.') }))
    .max(6)
    .default([])
    .describe('Capacitors that are switched on or off.'),
  control: z
    .enum(['each', 'together'])
    .default('each')
    .describe('Whether every inverter has a set-point of its own, or all have one: a single component, for bins.'),
  band: bandOption,
  violation_price: violationPrice,
});

/** What an hour of it comes to. */
export const voltVarMeasures: readonly Omit<Measure, 'at'>[] = [
  { name: 'cost', unit: '$', fold: 'sum' },
  { name: 'saving', unit: '$', fold: 'sum' },
  { name: 'loss', unit: 'MWh', fold: 'sum' },
  { name: 'voltage_violation', unit: 'p.u. h', fold: 'sum' },
  { name: 'voltage_least', unit: 'p.u.', fold: 'least' },
];

/**
 * Reactive power of inverters on a radial feeder through a day, and capacitors where there are some.
 *
 * | | |
 * |---|---|
 * | observation | hour (cos, sin), price, load and sunshine, per inverter the voltage at its bus in the last hour, the feeder's least voltage then; [0, 1] |
 * | action | per inverter (or of all) the share of its reactive room, −1 absorbs … 1 injects; per capacitor 0 … 1, on from 0.5 |
 * | reward | what was saved against inverters at 0 and capacitors off in the hour, $ |
 * | start | a day of the year |
 * | truncated | after 24 steps of one hour |
 *
 * Cost of an hour: `price · losses + penalty · Σ_bus (max(0, low − V) + max(0, V − high))`. Room: `√(S² − P²)`. An hour does not depend on the ones before: the best day is the
 * best of each hour, and all that decides it is observed.
 */
export function voltVar(raw: unknown, use: DayUse): GridTask {
  const config = voltVarConfig.parse(raw);
  const { inverters, capacitors } = config;
  const feeder = new Feeder(config.case, inverters, config.band);
  const { year } = feeder;
  const together = config.control === 'together';
  const own = together ? 1 : inverters.length;
  const cost = new ReactiveHour(feeder, inverters, capacitors, together, config.violation_price);
  const idle = new Float64Array(own + capacitors.length);
  const days = daysFor(use);
  const orders = inverters.map(({ bus }) => feeder.order(bus));

  const V = 2;
  const VMIN = V + inverters.length;
  const first = VMIN + 1;
  const state: Channel[] = [
    { name: 'day', unit: 'day' },
    { name: 'hour', unit: 'h' },
    ...inverters.map(({ bus }) => ({ name: `bus${bus}_voltage`, unit: 'p.u.' })),
    { name: 'voltage_min', unit: 'p.u.' },
  ];
  const measures = voltVarMeasures.map((measure, k): Measure => ({ ...measure, at: first + k }));
  const features: Feature[] = [
    ...hourFeatures(1),
    ...inverters.map(({ bus }) => ({ name: `bus${bus}_voltage`, unit: 'p.u.', ...voltageRange })),
    { name: 'voltage_min', unit: 'p.u.', ...voltageRange },
  ];
  const look = (lane: Float64Array): void => {
    for (let i = 0; i < orders.length; i++) lane[V + i] = feeder.voltage(orders[i]!);
    lane[VMIN] = feeder.vmin;
  };
  const shown = new DayObservation(features, year, 1);
  const kernel: Kernel = {
    features,
    actions: [
      ...Array.from({ length: own }, (_, i) => ({
        name: together ? 'reactive_power' : `bus${inverters[i]!.bus}_reactive_power`,
        unit: 'share of room',
        low: -1,
        high: 1,
      })),
      ...capacitors.map(({ bus }) => ({ name: `bus${bus}_capacitor`, unit: '0 or 1', low: 0, high: 1 })),
    ],
    state: [...state, ...measures],
    horizon: hoursPerDay,
    init(lane, rng) {
      lane[0] = days[rng.int(days.length)]!;
      lane[1] = 0;
      cost.of(lane[0] * hoursPerDay, idle);
      look(lane);
    },
    observe(lane, out) {
      shown.write(lane, V, VMIN, out);
    },
    advance(lane, action) {
      const hour = lane[0]! * hoursPerDay + lane[1]!;
      const without = cost.of(hour, idle);
      const paid = cost.of(hour, action);
      look(lane);
      lane[1]!++;
      lane[first] = paid;
      lane[first + 1] = without - paid;
      lane[first + 2] = feeder.lossMw;
      lane[first + 3] = feeder.violation;
      lane[first + 4] = feeder.vmin;
      return without - paid;
    },
  };
  return {
    kernel,
    secondsPerStep: 3600,
    measures,
    references: {
      optimum(lane) {
        let saved = 0;
        for (let hour = lane[0]! * hoursPerDay, end = hour + hoursPerDay; hour < end; hour++)
          saved += cost.of(hour, idle) - cost.best(hour).cost;
        return saved;
      },
    },
  };
}
