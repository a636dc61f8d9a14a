import { z } from 'zod';
import type { Definition } from '../../core/definition.ts';
import type { ControllerMaker } from './controller.ts';
import { hourReader, sameForAll } from './controller.ts';

const hour = z.int().min(0).max(23);
const config = z.strictObject({
  charge: z.number().min(0).default(0.11).describe('Command while charging, fraction of capacity in an hour.'),
  chargeFrom: hour.default(9).describe('First hour of charging, 0 is midnight.'),
  chargeTo: hour.default(12).describe('Last hour of charging.'),
  discharge: z.number().max(0).default(-0.067).describe('Command while discharging, fraction of capacity in an hour.'),
  dischargeFrom: hour.default(16).describe('First hour of discharging.'),
  dischargeTo: hour.default(22).describe('Last hour of discharging.'),
});

/** Charges around noon and discharges in the evening; idle between. */
export const hourRule: Definition<ControllerMaker> = {
  title: 'Hour rule',
  source: 'HourRBC of CityLearn with the hours of specs/bifurcation.md 5 (`hour_rbc`)',
  config,
  make: (raw) => {
    const rule = config.parse(raw);
    return (observation, action) => {
      const hourOf = hourReader(observation, 'rule-based');
      return sameForAll(observation, action, (x, at) => {
        const h = hourOf(x, at);
        if (h >= rule.chargeFrom && h <= rule.chargeTo) return rule.charge;
        return h >= rule.dischargeFrom && h <= rule.dischargeTo ? rule.discharge : 0;
      });
    };
  },
};
