import { openDynamics } from './dynamics.ts';
import type { Dynamics } from './dynamics.ts';
import type { BuildingModel } from './model.ts';
import { observationPlan } from './observation.ts';
import type { Normalisation, ObservationPlan } from './observation.ts';
import { outageModel, outageSignal } from './outage.ts';
import { openPlant } from './plant.ts';
import type { Plant } from './plant.ts';
import { seriesColumns } from './series.ts';
import type { SeriesColumn } from './series.ts';

/** What lanes of one building under one profile share. */
export interface OpenBuilding {
  readonly model: BuildingModel;
  readonly plant: Plant;
  readonly plan: ObservationPlan;
  readonly dynamics: Dynamics | null;
  readonly columns: readonly SeriesColumn[];
  /** Whether the k-th action acts on the hour shown, before the clock moves. */
  readonly actsFirst: boolean;
  /** Rows that an episode of T rows records. */
  recordedRows(rows: number): number;
  /** Outage signal of an episode of T rows that begins at row `start` of the range, [T]. */
  outages(start: number, rows: number, seed: number): Float64Array;
}

export function openBuilding(model: BuildingModel, normalisation: Normalisation): OpenBuilding {
  const { profile, data, columns, hoursPerStep } = model;
  const none = new Map<number, Float64Array>();
  const drawn = new Map<string, Float64Array>();
  const actsFirst = profile.alignment === 'now' || profile.alignment === 'lagged';
  const keepsLast = profile.alignment !== 'lagged';
  if (model.simulatesOutage && data.outage?.stochastic === true)
    outageModel(data.outage, hoursPerStep, {
      file: model.district.name,
      path: `/buildings/${data.name}/power_outage/stochastic_power_outage_model/attributes`,
    });
  return {
    model,
    plant: openPlant(model),
    plan: observationPlan(model, normalisation),
    dynamics: model.dynamics === null ? null : openDynamics(model),
    columns: seriesColumns(model),
    actsFirst,
    recordedRows: (rows) => (keepsLast ? rows : rows - 1),
    outages(start, rows, seed) {
      if (!model.simulatesOutage) {
        const made = none.get(rows) ?? new Float64Array(rows);
        none.set(rows, made);
        return made;
      }
      if (data.outage?.stochastic !== true) return columns.named['power_outage']!.subarray(start, start + rows);
      const key = `${rows} ${seed}`;
      const made = drawn.get(key) ?? outageSignal(data.outage, rows, hoursPerStep, seed);
      drawn.set(key, made);
      return made;
    },
  };
}
