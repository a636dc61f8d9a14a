import { StateError } from '../../core/errors.ts';
import type { BatteryTwin, PlantModel } from '../../core/plant-model.ts';
import type { Feature } from '../../core/space.ts';
import { toPhysical } from '../../core/space.ts';
import type { History } from './history.ts';

/** Where each lane's last action led the battery: from the state of charge that was shown, and from the true one. [rows] each. */
export interface BatteryEstimate {
  /** 1 where there is a step to follow. */
  readonly known: Uint8Array;
  readonly soc: Float64Array;
  readonly energy: Float64Array;
  readonly trueSoc: Float64Array;
  readonly trueEnergy: Float64Array;
  /** Follows the step before this one. @throws {StateError} when nobody said what the controllers did. */
  follow(rows: number, history: History): void;
  forget(row: number): void;
  /** The battery of a row before the step that was followed last; undefined where none is. */
  before(row: number): Float64Array | undefined;
  /** The same now. */
  present(row: number): Float64Array | undefined;
  /** As many rows with batteries such as these. */
  recall(batteries: readonly (Float64Array | undefined)[]): void;
}

export const socFeature = 'electrical_storage_soc';

/** @param plant absent: nothing is ever known */
export function batteryEstimate(features: readonly Feature[], plant: PlantModel | undefined): BatteryEstimate {
  const at = features.findIndex(({ name }) => name === socFeature);
  let twins: (BatteryTwin | undefined)[] = [];
  let kept: (Float64Array | undefined)[] = [];
  const none = new Float64Array(0);
  const estimate = { known: new Uint8Array(0), soc: none, energy: none, trueSoc: none, trueEnergy: none };
  const open = (rows: number, of: PlantModel): void => {
    if (twins.length === rows) return;
    twins = Array.from({ length: rows }, () => of.battery());
    estimate.known = new Uint8Array(rows);
    for (const name of ['soc', 'energy', 'trueSoc', 'trueEnergy'] as const) estimate[name] = new Float64Array(rows);
  };
  return Object.assign(estimate, {
    follow(rows: number, history: History): void {
      if (plant === undefined || at < 0) return;
      open(rows, plant);
      kept = twins.map((twin) => twin?.save());
      const feature = features[at]!;
      const { action, actions, shown, truth } = history;
      for (let row = 0; row < rows; row++) {
        const twin = twins[row];
        const before = history.at(row, 1);
        estimate.known[row] = 0;
        if (twin === undefined || before < 0) continue;
        if (Number.isNaN(action[row * actions] ?? Number.NaN))
          throw new StateError('a constraint follows the battery, but nobody told the engine what the controller did');
        twin.follow(toPhysical(feature, shown[before + at]!), action, row * actions);
        estimate.soc[row] = twin.soc;
        estimate.energy[row] = twin.energy;
        twin.follow(toPhysical(feature, truth[before + at]!), action, row * actions);
        estimate.trueSoc[row] = twin.soc;
        estimate.trueEnergy[row] = twin.energy;
        twin.keep();
        estimate.known[row] = 1;
      }
    },
    before: (row: number) => kept[row],
    present: (row: number) => twins[row]?.save(),
    recall(batteries: readonly (Float64Array | undefined)[]): void {
      if (plant === undefined || at < 0) return;
      open(batteries.length, plant);
      batteries.forEach((words, row) => (words === undefined ? twins[row]?.reset() : twins[row]?.load(words)));
    },
    forget(row: number): void {
      twins[row]?.reset();
    },
  });
}
