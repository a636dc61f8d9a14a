import type { PricingColumn } from '../dataset.ts';
import { hoursPerYear, type Calendar } from './calendar.ts';
import { ahead, leads } from './column.ts';

/** $/kWh. The evening peak is what the battery can avoid; the spring midday rate is the duck curve in a price. */
const rates = {
  winter: { night: 0.21, day: 0.26, peak: 0.36 },
  spring: { night: 0.2, day: 0.16, peak: 0.36 },
  summer: { night: 0.23, day: 0.29, peak: 0.54 },
  summerWeekendPeak: 0.42,
} as const;

/** The tariff [8760 each], $/kWh: night 22-8 h, day 8-16 h and 21-22 h, peak 16-21 h; no winter or spring peak on weekends. */
export function makePricing(calendar: Calendar): Readonly<Record<PricingColumn, Float64Array>> {
  const price = new Float64Array(hoursPerYear);
  for (let row = 0; row < hoursPerYear; row++)
    price[row] = rate(calendar.month[row]!, calendar.hour[row]!, calendar.dayType[row]! >= 6);
  return {
    electricity_pricing: price,
    electricity_pricing_predicted_1: ahead(price, leads[1]),
    electricity_pricing_predicted_2: ahead(price, leads[2]),
    electricity_pricing_predicted_3: ahead(price, leads[3]),
  };
}

function rate(month: number, hour: number, weekend: boolean): number {
  const season = month >= 6 && month <= 9 ? 'summer' : month >= 3 && month <= 5 ? 'spring' : 'winter';
  const levels = rates[season];
  if (hour <= 8 || hour > 22) return levels.night;
  if (hour <= 16 || hour > 21) return levels.day;
  if (!weekend) return levels.peak;
  return season === 'summer' ? rates.summerWeekendPeak : levels.day;
}
