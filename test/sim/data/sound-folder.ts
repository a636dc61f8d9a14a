/** The files of a folder: name → text. */
export type Files = Map<string, string>;

const rows = 48;
const buildingHead =
  'month,hour,day_type,daylight_savings_status,indoor_dry_bulb_temperature,average_unmet_cooling_setpoint_difference,' +
  'indoor_relative_humidity,non_shiftable_load,dhw_demand,cooling_demand,heating_demand,solar_generation';
const forecasts = ['_predicted_1', '_predicted_2', '_predicted_3'];
const weather = [
  'outdoor_dry_bulb_temperature',
  'outdoor_relative_humidity',
  'diffuse_solar_irradiance',
  'direct_solar_irradiance',
];

/** A small sound CityLearn folder of two buildings, 48 rows. */
export function soundFolder(): Files {
  const table = (head: string, row: (t: number) => string): string =>
    `${[head, ...Array.from({ length: rows }, (_, t) => row(t))].join('\n')}\n`;
  const weatherHead = [...weather, ...weather.flatMap((name) => forecasts.map((suffix) => name + suffix))].join(',');
  const building = (size: number): string =>
    table(
      buildingHead,
      (t) => `8,${(t % 24) + 1},1,0,,,,${size + (t % 24) / 10},0,0,0,${Math.max(0, 12 - Math.abs(12 - (t % 24))) * 50}`,
    );
  const entry = (name: string): object => ({
    include: true,
    energy_simulation: `${name}.csv`,
    weather: 'weather.csv',
    carbon_intensity: 'carbon_intensity.csv',
    pricing: 'pricing.csv',
    electrical_storage: {
      type: 'citylearn.energy_model.Battery',
      autosize: false,
      attributes: { capacity: 6.4, efficiency: 0.9, loss_coefficient: 0, nominal_power: 5 },
    },
    pv: { type: 'citylearn.energy_model.PV', autosize: false, attributes: { nominal_power: 4 } },
  });
  const schema = {
    random_seed: 2022,
    simulation_start_time_step: 0,
    simulation_end_time_step: rows - 1,
    seconds_per_time_step: 3600,
    buildings: { Building_1: entry('Building_1'), Building_2: entry('Building_2') },
  };
  return new Map([
    ['schema.json', JSON.stringify(schema, null, 2)],
    ['Building_1.csv', building(0.5)],
    ['Building_2.csv', building(1)],
    ['weather.csv', table(weatherHead, (t) => Array.from({ length: 16 }, (_, c) => t + c).join(','))],
    ['carbon_intensity.csv', table('carbon_intensity', (t) => String(0.1 + t / 1000))],
    [
      'pricing.csv',
      table(['', ...forecasts].map((suffix) => `electricity_pricing${suffix}`).join(','), () => '0.2,0.2,0.4,0.5'),
    ],
  ]);
}
