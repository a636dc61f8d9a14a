import { rng } from '../../core/rng.ts';
import { builtinDistrict } from '../../sim/data/builtin/index.ts';
import type { BuildingData, DeviceData, DeviceKind, District, DynamicsData } from '../../sim/data/dataset.ts';

/*
 * The built-in district with equipment that it has not: what tests and benchmarks of thermal and LSTM buildings run on where CityLearn's own data
 * are missing. Loads, weather and prices are the built-in ones; demands follow them.
 */

function device(kind: DeviceKind, attributes: DeviceData['attributes']): DeviceData {
  return { kind, className: `citylearn.energy_model.${kind}`, autosize: false, autosizeAttributes: {}, attributes };
}

/** Every building with heat pump, hot-water heater, cooling and hot-water tanks: the equipment of the 2020 challenge. */
export function thermalDistrict(count = 8): District {
  const district = builtinDistrict();
  const buildings = Array.from({ length: count }, (_, i): BuildingData => {
    const building = district.buildings[i % district.buildings.length]!;
    const { outdoor_dry_bulb_temperature: outdoor } = building.weather;
    const { hour } = building.energy;
    return {
      ...building,
      name: `Building_${i + 1}`,
      energy: {
        ...building.energy,
        cooling_demand: outdoor.map((celsius) => Math.max(0, (celsius - 18) * 0.4)),
        dhw_demand: hour.map((h) => (h >= 6 && h <= 9 ? 1.5 : 0.2)),
        indoor_dry_bulb_temperature_cooling_set_point: new Float64Array(building.rows).fill(24),
        indoor_dry_bulb_temperature_heating_set_point: new Float64Array(building.rows).fill(20),
        occupant_count: hour.map((h) => (h >= 8 && h <= 17 ? 1 : 3)),
      },
      devices: {
        ...building.devices,
        cooling_device: device('HeatPump', { nominal_power: 8, efficiency: 0.23, target_cooling_temperature: 8 }),
        dhw_device: device('ElectricHeater', { nominal_power: 6, efficiency: 0.9 }),
        cooling_storage: device('StorageTank', { capacity: 20, loss_coefficient: 0.006 }),
        dhw_storage: device('StorageTank', { capacity: 6, loss_coefficient: 0.008 }),
      },
    };
  });
  return {
    ...district,
    buildings,
    observations: [...district.observations, ...['cooling_storage_soc', 'dhw_storage_soc'].map(observed)],
    actions: ['cooling_storage', 'dhw_storage', 'electrical_storage'].map((name) => ({ name, active: true })),
  };
}

/** The same with a controlled heat pump and an indoor temperature that a random network predicts: the 2023 challenge. */
export function lstmDistrict(count = 3): District {
  const district = thermalDistrict(count);
  return {
    ...district,
    buildings: district.buildings.map((building, i) => ({
      ...building,
      className: 'citylearn.building.LSTMDynamicsBuilding',
      dynamics: randomNetwork(i),
    })),
    observations: [
      ...district.observations,
      ...['indoor_dry_bulb_temperature', 'cooling_demand', 'indoor_dry_bulb_temperature_cooling_set_point'].map(
        observed,
      ),
    ],
    actions: ['dhw_storage', 'electrical_storage', 'cooling_device'].map((name) => ({ name, active: true })),
  };
}

function observed(name: string): District['observations'][number] {
  return { name, active: true, shared: false };
}

/** 2 × 16 units over 13 inputs and 12 hours, as in the 2023 data; small weights keep it near the middle of its range. */
function randomNetwork(seed: number): DynamicsData {
  const draw = rng(seed).split('lstm');
  const weights = (size: number): Float32Array => Float32Array.from({ length: size }, () => 0.4 * draw.uniform() - 0.2);
  const hidden = 16;
  const names = [
    'direct_solar_irradiance',
    'diffuse_solar_irradiance',
    'outdoor_dry_bulb_temperature',
    'indoor_dry_bulb_temperature_cooling_set_point',
    'occupant_count',
    'cooling_demand',
    'month_sin',
    'month_cos',
    'hour_sin',
    'hour_cos',
    'day_type_sin',
    'day_type_cos',
    'indoor_dry_bulb_temperature',
  ];
  const layer = (inputs: number): DynamicsData['layers'][number] => ({
    inputWeights: weights(4 * hidden * inputs),
    hiddenWeights: weights(4 * hidden * hidden),
    inputBias: weights(4 * hidden),
    hiddenBias: weights(4 * hidden),
  });
  return {
    inputNames: names,
    minimum: [0, 0, -10, 15, 0, 0, -1, -1, -1, -1, -1, -1, 10],
    maximum: [1000, 500, 45, 30, 4, 15, 1, 1, 1, 1, 1, 1, 40],
    hiddenSize: hidden,
    lookback: 12,
    layers: [layer(names.length), layer(hidden)],
    outputWeights: weights(hidden),
    outputBias: Float32Array.of(0.5),
  };
}
