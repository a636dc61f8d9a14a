import { ConfigError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import { challengeActions, challengeObservations } from './challenge-2022.ts';
import type { District, ElectricVehicleData, RewardData } from './dataset.ts';
import { attributesOf } from './folder-devices.ts';
import type { FolderSchema } from './folder-schema.ts';

/** Older names of forecasts say how far ahead, newer ones count them. */
const forecastNumber: Readonly<Record<string, string>> = { '6h': '1', '12h': '2', '24h': '3' };

/** `…_predicted_12h` → `…_predicted_2`. */
export function canonicalObservation(name: string): string {
  return name.replace(/_predicted_(6h|12h|24h)$/, (_, hours: string) => `_predicted_${forecastNumber[hours]}`);
}

/** Observations under canonical names; those of 2022 where the schema has no list. @throws {ConfigError} for one that is there under both names. */
export function observationsOf(schema: FolderSchema, place: Place): District['observations'] {
  if (schema.observations === undefined || schema.observations === null) return challengeObservations;
  const observations = Object.entries(schema.observations).map(
    ([name, { active, shared_in_central_agent: shared }]) => ({
      name: canonicalObservation(name),
      active: active === true,
      shared: shared === true,
    }),
  );
  const names = observations.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined)
    throw new ConfigError(`observation '${twice}' is there under its older name too`, {
      place: { ...place, path: `/observations/${twice}` },
    });
  return observations;
}

export function actionsOf(schema: FolderSchema): District['actions'] {
  if (schema.actions === undefined || schema.actions === null) return challengeActions;
  return Object.entries(schema.actions).map(([name, { active }]) => ({ name, active: active === true }));
}

export function episodesOf(schema: FolderSchema): District['episodes'] {
  return {
    timeSteps: schema.episode_time_steps ?? null,
    rolling: schema.rolling_episode_split === true,
    random: schema.random_episode_split === true,
  };
}

/** The cars that the schema includes. */
export function electricVehiclesOf(schema: FolderSchema): readonly ElectricVehicleData[] {
  return Object.entries(schema.electric_vehicles_def ?? {})
    .filter(([, { include }]) => include !== false)
    .map(([name, { battery }]) => ({ name, attributes: attributesOf(battery.attributes) }));
}

const classOf = (dotted: string): string => dotted.split('.').at(-1)!;

/**
 * The schema's reward. A mapping of buildings to classes becomes the type `MultiBuildingRewardFunction` with the attribute
 * `reward_functions`, {building: {type, attributes}}, every building of the district in it, as head has it.
 */
export function rewardOf(schema: FolderSchema, buildings: readonly string[], place: Place): RewardData {
  const reward = schema.reward_function;
  if (reward === undefined || reward === null) return { type: 'RewardFunction', attributes: {} };
  if (typeof reward === 'string') return { type: classOf(reward), attributes: {} };
  const { type, attributes } = reward;
  if (typeof type === 'string') return { type: classOf(type), attributes: attributes ?? {} };
  const at = { ...place, path: '/reward_function/type' };
  const otherwise = type['default'] ?? Object.values(type)[0] ?? undefined;
  const otherAttributes = attributes?.['default'] ?? Object.values(attributes ?? {})[0];
  const each = buildings.map((name) => {
    const dotted = (Object.hasOwn(type, name) ? type[name] : undefined) ?? otherwise;
    if (dotted === undefined) throw new ConfigError(`has no reward for '${name}' and no 'default'`, { place: at });
    const own =
      (attributes !== null && attributes !== undefined && Object.hasOwn(attributes, name)
        ? attributes[name]
        : otherAttributes) ?? {};
    if (typeof own !== 'object' || Array.isArray(own))
      throw new ConfigError(`attributes of the reward of '${name}' are ${JSON.stringify(own)}, expected an object`, {
        place: { ...place, path: '/reward_function/attributes' },
      });
    return [name, { type: classOf(dotted), attributes: own as Record<string, unknown> }] as const;
  });
  return { type: 'MultiBuildingRewardFunction', attributes: { reward_functions: Object.fromEntries(each) } };
}
