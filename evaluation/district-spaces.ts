import type { Box } from '../core/space.ts';
import { scenarioFrom } from '../core/scenario.ts';
import { openDistrict } from './district.ts';
import { schema } from './vocabulary.ts';
import type { Workspace } from './workspace.ts';

/** What a controller of one building observes and does, and how the observations are normalised. */
export interface DistrictSpaces {
  readonly observation: Box;
  readonly action: Box;
  readonly normalisation: string;
}

/** The spaces of a building as a scenario with these choices opens it; `normalisation` absent: the scenario's default. */
export async function districtSpaces(
  workspace: Workspace,
  dataset: string,
  building: string,
  normalisation?: string,
): Promise<DistrictSpaces> {
  const { district } = scenarioFrom(
    { district: { dataset, buildings: [building], ...(normalisation === undefined ? {} : { normalisation }) } },
    'options',
    schema,
  );
  const { env } = await openDistrict({ district }, workspace, 1);
  using opened = env;
  return {
    observation: opened.observationSpace,
    action: opened.actionSpace,
    normalisation: district.normalisation,
  };
}
