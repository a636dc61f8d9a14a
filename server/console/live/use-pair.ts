import { useMemo } from 'react';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import { cleanLabel, lanesOf } from '../../../core/lane.ts';
import type { Lane } from '../../../core/lane.ts';
import type { Pair } from './panels.ts';

export interface ChosenPair {
  readonly lanes: readonly Lane[];
  readonly building: string;
  readonly attack: string;
  readonly pair: Pair;
}

/** The attacked lane and its twin that an address names, else the first. */
export function usePair(schema: TelemetrySchema | null, search: URLSearchParams): ChosenPair {
  const [wantedBuilding, wantedAttack] = [search.get('building'), search.get('attack')];
  return useMemo(() => {
    const lanes = schema === null ? [] : lanesOf(schema);
    const building = pick(
      wantedBuilding,
      lanes.map((lane) => lane.building),
    );
    const ofBuilding = lanes.filter((lane) => lane.building === building);
    const attack = pick(
      wantedAttack,
      ofBuilding.map((lane) => lane.attack).filter((name) => name !== cleanLabel),
    );
    const pair = {
      clean: ofBuilding.find((lane) => lane.attack === cleanLabel),
      attacked: ofBuilding.find((lane) => lane.attack === attack && attack !== cleanLabel),
    };
    return { lanes, building, attack, pair };
  }, [schema, wantedBuilding, wantedAttack]);
}

/** The wanted name when there is such a one, else the first. */
export function pick(wanted: string | null, names: readonly string[]): string {
  return wanted !== null && names.includes(wanted) ? wanted : (names[0] ?? '');
}
