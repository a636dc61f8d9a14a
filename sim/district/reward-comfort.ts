import {
  COOLING,
  COOLING_SET_POINT,
  FROM_DEVICE,
  HEATING,
  HEATING_SET_POINT,
  INDOOR_TEMPERATURE,
  TANK_BALANCE,
} from './hour.ts';
import type { BuildingModel } from './model.ts';
import type { RewardAttributes } from './reward-attributes.ts';
import type { RewardClass, RewardKernel } from './reward-kernel.ts';
import { openSolarPenalty } from './reward-solar.ts';

/** What is fixed of a comfort reward. */
interface Comfort {
  /** °C around the set point; null: the file's series. */
  readonly band: number | null;
  readonly lowerExponent: number;
  readonly higherExponent: number;
  /** Differences of float32 temperatures are float32 (head's temperatures are float64). */
  readonly single: boolean;
  /** So are differences of set points and the file's band. */
  readonly singleBand: boolean;
  /** 2.0 – 2.1.2 know one set point, the cooling one, and no HVAC mode. */
  readonly oneSetPoint: boolean;
}

/** kWh thermal that reached the rooms, as observed. */
function delivered(hours: Float64Array, block: number, single: boolean): number {
  const heat = hours[block + FROM_DEVICE]! + Math.abs(Math.min(hours[block + TANK_BALANCE]!, 0));
  return single ? Math.fround(heat) : heat;
}

function difference(a: number, b: number, single: boolean): number {
  return Math.abs(single ? Math.fround(a - b) : a - b);
}

function bound(setPoint: number, offset: number, { band, singleBand }: Comfort): number {
  const value = setPoint + offset;
  return band === null && singleBand ? Math.fround(value) : value;
}

/** Around one set point s: `0` on the comfortable side of it within the band, else `−|T−s|`, outside of the band to a power. */
function aroundOne(
  c: Comfort,
  temperature: number,
  setPoint: number,
  band: number,
  heating: boolean,
  warms: boolean,
): number {
  const delta = difference(temperature, setPoint, c.single);
  if (temperature < bound(setPoint, -band, c)) return -(delta ** (warms ? c.lowerExponent : c.higherExponent));
  if (temperature < setPoint) return heating ? 0 : -delta;
  if (temperature <= bound(setPoint, band, c)) return heating ? -delta : 0;
  return -(delta ** (heating ? c.higherExponent : c.lowerExponent));
}

/** Between a heating and a cooling set point: 0 between them, `−|T−s|` beyond the nearer one, outside of the band to a power. */
function betweenTwo(
  c: Comfort,
  temperature: number,
  coolingSetPoint: number,
  heatingSetPoint: number,
  band: number,
  heating: boolean,
): number {
  const cold = difference(temperature, heatingSetPoint, c.single);
  if (temperature < bound(heatingSetPoint, -band, c)) return -(cold ** (heating ? c.lowerExponent : c.higherExponent));
  if (temperature < heatingSetPoint) return -cold;
  if (temperature <= coolingSetPoint) return 0;
  const hot = difference(temperature, coolingSetPoint, c.single);
  if (temperature < bound(coolingSetPoint, band, c)) return -hot;
  return -(hot ** (heating ? c.higherExponent : c.lowerExponent));
}

/** Minus the distance from the set points, °C to a power. NaN where the file has no indoor temperature. Source: specs/citylearn.md 13. */
function openComfort(attributes: RewardAttributes, models: readonly BuildingModel[]): RewardKernel {
  const { profile } = models[0]!;
  const oneSetPoint = profile.rewards === 'v2.0';
  const c: Comfort = {
    band: attributes.number('band', oneSetPoint ? 2 : null),
    lowerExponent: attributes.exponent('lower_exponent', 2),
    higherExponent: attributes.exponent('higher_exponent', oneSetPoint ? 3 : 2),
    single: profile.float32 && !profile.wideColumns,
    singleBand: profile.float32,
    oneSetPoint,
  };
  const modes = models.map(({ columns }) => columns.named['hvac_mode']!);
  const bands = models.map(({ columns }) => columns.named['comfort_band']!);
  return (hours, ats, rows, out) => {
    for (let i = 0; i < ats.length; i++) {
      const at = ats[i]!;
      const row = rows[i]!;
      const temperature = hours[at + INDOOR_TEMPERATURE]!;
      const cooling = hours[at + COOLING_SET_POINT]!;
      const warming = hours[at + HEATING_SET_POINT]!;
      const heating = delivered(hours, at + HEATING, profile.float32) > delivered(hours, at + COOLING, profile.float32);
      const band = c.band ?? bands[i]![row]!;
      const mode = modes[i]![row]!;
      if (c.oneSetPoint) out[i] = aroundOne(c, temperature, cooling, band, heating, heating);
      else if (mode === 1) out[i] = aroundOne(c, temperature, cooling, band, heating, false);
      else if (mode === 2) out[i] = aroundOne(c, temperature, warming, band, heating, true);
      else out[i] = betweenTwo(c, temperature, cooling, warming, band, heating);
    }
  };
}

const comfortAttributes = ['band', 'lower_exponent', 'higher_exponent'] as const;

export const comfortReward: RewardClass = { attributes: comfortAttributes, open: openComfort };

/** `c₀·F(solar penalty) + c₁·F(comfort)` with F rounding to float32, in every release. Source: specs/citylearn.md 13. */
export const solarPenaltyAndComfortReward: RewardClass = {
  attributes: [...comfortAttributes, 'coefficients'],
  open(attributes, models, metadata) {
    const [solarWeight, comfortWeight] = attributes.numbers('coefficients', [1, 1]) as readonly [number, number];
    const solarPenalty = openSolarPenalty(metadata);
    const comfort = openComfort(attributes, models);
    const solar = new Float64Array(models.length);
    return (hours, ats, rows, out) => {
      solarPenalty(hours, ats, rows, solar);
      comfort(hours, ats, rows, out);
      for (let i = 0; i < ats.length; i++)
        out[i] = Math.fround(solar[i]!) * solarWeight + Math.fround(out[i]!) * comfortWeight;
    };
  },
};
