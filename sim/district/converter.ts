import type { Converter } from './model.ts';

/** CityLearn's cap; also what a negative coefficient becomes. */
const highest = 20;

/**
 * kWh thermal per kWh electric, one a row: a heat pump's coefficient of performance, or a heater's efficiency.
 *
 * `COP_heat = η(Th+273.15)/(Th − T)`, `COP_cool = η(Tc+273.15)/(T − Tc)`; below 0 or above 20: 20. Source: specs/citylearn.md 5.1, 5.2.
 * @param outdoor [rows] °C
 * @param single each operation in float32, as CityLearn evaluates whole series in its float32 releases
 */
export function outputPerInput(
  converter: Converter,
  mode: 'cooling' | 'heating',
  outdoor: Float64Array,
  single: boolean,
): Float64Array {
  const { kind, efficiency } = converter;
  if (kind === 'ElectricHeater')
    return new Float64Array(outdoor.length).fill(single ? Math.fround(efficiency) : efficiency);
  const target = mode === 'cooling' ? converter.targetCooling : converter.targetHeating;
  const scale = efficiency * (target + 273.15);
  return outdoor.map((temperature) => {
    const cop = single
      ? Math.fround(
          Math.fround(scale) /
            Math.fround(mode === 'cooling' ? temperature - Math.fround(target) : Math.fround(target) - temperature),
        )
      : scale / (mode === 'cooling' ? temperature - target : target - temperature);
    return cop < 0 || cop > highest ? highest : cop;
  });
}
