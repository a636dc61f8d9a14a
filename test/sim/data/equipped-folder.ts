import { evDistrict } from '../../support/ev-district.ts';
import { writeCityLearnFolder } from '../../../sim/data/write-folder.ts';
import { schema } from './damage.ts';
import type { Change } from './damage.ts';
import { soundFolder } from './sound-folder.ts';
import type { Files } from './sound-folder.ts';

const cars = writeCityLearnFolder(evDistrict(48));

/** Two days of cars, chargers, limits and a washing machine. */
export function carFolder(): Files {
  return new Map(cars);
}

const tank = (safety: number): object => ({
  type: 'citylearn.energy_model.StorageTank',
  autosize: true,
  autosize_attributes: { safety_factor: safety },
  attributes: { capacity: null, loss_coefficient: 0.006 },
});

/** The sound folder with heat pump, heater, tanks, a stochastic outage, occupants' columns, episodes and rewards of their own. */
export function thermalFolder(): Files {
  const files = soundFolder();
  const [head, ...lines] = files.get('Building_1.csv')!.trim().split('\n');
  const cells = lines.map((line, t) => {
    const row = line.split(',');
    row[8] = String((t % 5) / 4);
    row[9] = t % 24 > 12 ? '2.5' : '0';
    row[10] = t % 24 < 6 ? '1.25' : '0';
    return [...row, t % 3, 24, 20, t % 24 > 12 ? 1 : 2, t === 7 ? 1 : 0, 1.5].join(',');
  });
  const added =
    'occupant_count,indoor_dry_bulb_temperature_cooling_set_point,indoor_dry_bulb_temperature_heating_set_point,' +
    'hvac_mode,power_outage,comfort_band';
  files.set('Building_1.csv', `${[`${head},${added}`, ...cells].join('\n')}\n`);
  equip(files);
  return files;
}

const equip: Change = schema((all) => {
  Object.assign(all, {
    central_agent: true,
    episode_time_steps: [
      [0, 23],
      [24, 47],
    ],
    rolling_episode_split: false,
    random_episode_split: true,
    reward_function: {
      type: { Building_1: 'citylearn.reward_function.ComfortReward', default: 'citylearn.reward_function.MARL' },
      attributes: { Building_1: { band: 1.5 }, default: null },
    },
    observations: {
      month: { active: true, shared_in_central_agent: true },
      electricity_pricing_predicted_12h: { active: true, shared_in_central_agent: true },
      minutes: { active: true, shared_in_central_agent: true },
      cooling_storage_soc: { active: true },
      heating_storage_soc: { active: false, shared_in_central_agent: false },
    },
    actions: { cooling_storage: { active: true }, dhw_storage: { active: true }, heating_storage: {} },
    agent: { type: 'anything', attributes: { hidden_dimension: [256] } },
  });
  Object.assign(all.buildings.Building_1, {
    inactive_observations: ['electricity_pricing_predicted_12h'],
    inactive_actions: ['dhw_storage'],
    cooling_device: {
      type: 'citylearn.energy_model.HeatPump',
      autosize: true,
      attributes: { nominal_power: null, efficiency: 0.25, target_cooling_temperature: 8 },
    },
    heating_device: { type: 'citylearn.energy_model.HeatPump', autosize: false, attributes: { nominal_power: 5 } },
    dhw_device: { type: 'citylearn.energy_model.ElectricHeater', autosize: true, attributes: { efficiency: 0.9 } },
    cooling_storage: tank(2),
    heating_storage: null,
    dhw_storage: tank(1.5),
    power_outage: {
      simulate_power_outage: true,
      stochastic_power_outage: true,
      stochastic_power_outage_model: {
        type: 'citylearn.power_outage.ReliabilityMetricsPowerOutage',
        attributes: { random_seed: 7, saifi: 1.4, caidi: 300, start_time_steps: [1, 2, 20] },
      },
    },
    occupant: { type: 'citylearn.occupant.LogisticRegressionOccupant', attributes: {} },
    set_point_hold_time_steps: 2,
  });
});
