import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import type { BuildingModel } from './model.ts';
import type { Profile } from './profile.ts';
import { RewardAttributes } from './reward-attributes.ts';
import { comfortReward, solarPenaltyAndComfortReward } from './reward-comfort.ts';
import { consumptionReward, importReward, marl } from './reward-consumption.ts';
import { expressionReadsDistrict, openExpressionReward } from './reward-expression.ts';
import type { RewardClass, RewardKernel } from './reward-kernel.ts';
import { solarPenaltyReward } from './reward-solar.ts';
import { electricVehiclesReward } from './reward-vehicles.ts';

export type { RewardKernel };

/** A reward class by CityLearn's name with its attributes, or a reward written out. */
export type RewardSpec =
  { readonly type: string; readonly attributes: Readonly<Record<string, unknown>> } | { readonly expression: string };

/** Where a reward's class and its attributes stand. */
interface Places {
  readonly type: Place;
  readonly attributes: Place;
}
const inScenario: Places = { type: { path: '/district/reward' }, attributes: { path: '/district/reward/attributes' } };

/** A dataset's own reward stands in its schema. */
function placesOf(spec: RewardSpec, { district }: BuildingModel): Places {
  if (spec !== district.reward) return inScenario;
  const place = (name: string): Place => ({ file: district.name, path: `/reward_function/${name}` });
  return { type: place('type'), attributes: place('attributes') };
}

/** CityLearn's classes that every release from 2.0 on has. */
const shared = {
  RewardFunction: consumptionReward,
  MARL: marl,
  IndependentSACReward: importReward,
  SolarPenaltyReward: solarPenaltyReward,
  ComfortReward: comfortReward,
  SolarPenaltyAndComfortReward: solarPenaltyAndComfortReward,
} satisfies Record<string, RewardClass>;

/** One class a building. Each is shown its own building alone, as head has it: MARL's district is the building. */
const multiBuilding: RewardClass = {
  attributes: ['reward_functions'],
  readsDistrict: true, // through the metadata: a solar penalty's stores are those of the first building
  open(attributes, models) {
    const each = attributes.raw('reward_functions');
    const place = attributes.place('reward_functions');
    if (typeof each !== 'object' || each === null)
      throw new ConfigError(
        `reward_functions of MultiBuildingRewardFunction is ${JSON.stringify(each)}, expected {building: {type, attributes}}`,
        { place },
      );
    const specs = each as Readonly<Record<string, unknown>>;
    const kernels = models.map((model): RewardKernel => {
      const { name } = model.data;
      const spec = Object.hasOwn(specs, name) ? specs[name] : specs['default'];
      if (typeof spec !== 'object' || spec === null || !('type' in spec) || typeof spec.type !== 'string')
        throw new ConfigError(`no reward for building '${name}', expected one of its own or a 'default'`, { place });
      const own = 'attributes' in spec ? spec.attributes : null;
      const at = attributes.place(`reward_functions/${name}`);
      const places = { type: at, attributes: { ...at, path: `${at.path}/attributes` } };
      return openClass(spec.type, (own ?? {}) as Readonly<Record<string, unknown>>, [model], models, places);
    });
    const at = new Int32Array(1);
    const row = new Int32Array(1);
    const reward = new Float64Array(1);
    return (hours, ats, rows, out) => {
      for (let i = 0; i < ats.length; i++) {
        at[0] = ats[i]!;
        row[0] = rows[i]!;
        kernels[i]!(hours, at, row, reward);
        out[i] = reward[0]!;
      }
    };
  },
};

const withCars = {
  Electric_Vehicles_Reward_Function: electricVehiclesReward,
  MultiBuildingRewardFunction: multiBuilding,
};
const all = { ...shared, ...withCars };

/** Every class, whatever release has it; the default comes first. */
export const rewardNames: readonly string[] = Object.keys(all);

/** The classes of a profile's release. v1's MARL is left out: it fails there (`nanmax` takes the consumption for an axis). */
function classesOf(profile: Profile): Readonly<Record<string, RewardClass>> {
  if (profile.rewards === 'v1')
    return { RewardFunction: importReward, IndependentSACReward: importReward, SolarPenaltyReward: solarPenaltyReward };
  return profile.alignment === 'now' || profile.alignment === 'lagged' ? all : shared;
}

function openClass(
  type: string,
  attributes: Readonly<Record<string, unknown>>,
  models: readonly BuildingModel[],
  metadata: readonly BuildingModel[],
  places: Places,
): RewardKernel {
  const { profile } = models[0]!;
  if (!Object.hasOwn(all, type)) throw new UnknownNameError('reward', type, rewardNames, places.type);
  const classes = classesOf(profile);
  const found = classes[type];
  if (found === undefined)
    throw new ConfigError(
      `profile '${profile.name}' has no reward '${type}'${type === 'MARL' ? ' (it fails in that release)' : ''}, expected one of ${Object.keys(classes).join(', ')}`,
      { place: places.type },
    );
  return found.open(new RewardAttributes(type, attributes, found.attributes, places.attributes), models, metadata);
}

/**
 * The rewards of one district's buildings under their profile (that of the first). Source: specs/citylearn.md 13.
 * @throws {UnknownNameError} for a class, attribute or symbol that there is not, {ConfigError} for one that the profile's release has not.
 */
export function openReward(spec: RewardSpec, models: readonly BuildingModel[]): RewardKernel {
  if ('expression' in spec) return openExpressionReward(spec.expression, models);
  return openClass(spec.type, spec.attributes, models, models, placesOf(spec, models[0]!));
}

/** Whether a building's reward depends on which other buildings its district has. @param model of one of them */
export function readsDistrict(spec: RewardSpec, model: BuildingModel): boolean {
  if ('expression' in spec) return expressionReadsDistrict(spec.expression, model);
  return classesOf(model.profile)[spec.type]?.readsDistrict === true;
}
