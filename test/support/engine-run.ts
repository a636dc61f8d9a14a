import type { BuildingData, DeviceData, DeviceKey, DeviceKind, District, OutageData } from '../../sim/data/dataset.ts';
import { energyColumns, weatherVariables } from '../../sim/data/dataset.ts';
import type { EpisodeWindow } from '../../sim/district/episode.ts';
import type { Groups } from '../../sim/district/group.ts';
import { FIXED_FIELDS } from '../../sim/district/hour.ts';
import { openBuilding } from '../../sim/district/lane.ts';
import type { OpenBuilding } from '../../sim/district/lane.ts';
import { LaneStates } from '../../sim/district/lane-state.ts';
import { openModel } from '../../sim/district/open-model.ts';
import type { Profile } from '../../sim/district/profile.ts';

export interface EngineBuilding {
  /** By canonical name; what is missing is 0. [rows] */
  readonly columns: Readonly<Record<string, readonly number[]>>;
  readonly devices: Partial<Record<DeviceKey, readonly [DeviceKind, DeviceData['attributes']]>>;
  readonly actions: readonly string[];
  readonly observations?: readonly string[];
  readonly outage?: OutageData;
  readonly secondsPerTimeStep?: number;
  readonly start?: number;
  readonly end?: number;
}

/** A district of one building made of columns and devices. */
export function engineDistrict(building: EngineBuilding): District {
  const rows = building.columns['hour']!.length;
  const column = (name: string): Float64Array => Float64Array.from(building.columns[name] ?? new Float64Array(rows));
  const weather = weatherVariables.flatMap((name) => [name, ...[1, 2, 3].map((step) => `${name}_predicted_${step}`)]);
  const pricing = ['', '_predicted_1', '_predicted_2', '_predicted_3'].map((step) => `electricity_pricing${step}`);
  const table = (names: readonly string[]): Record<string, Float64Array> =>
    Object.fromEntries(names.map((name) => [name, column(name)]));
  const devices = Object.entries(building.devices).map(([key, [kind, attributes]]): [string, DeviceData] => [
    key,
    { kind, className: `citylearn.energy_model.${kind}`, autosize: false, autosizeAttributes: {}, attributes },
  ]);
  const data: BuildingData = {
    name: 'Building_1',
    className: 'citylearn.citylearn.Building',
    rows,
    energy: table(energyColumns) as BuildingData['energy'],
    weather: table(weather) as BuildingData['weather'],
    pricing: table(pricing) as BuildingData['pricing'],
    carbon: column('carbon_intensity'),
    devices: Object.fromEntries(devices),
    inactiveObservations: [],
    inactiveActions: [],
    dynamics: null,
    outage: building.outage ?? null,
    chargers: [],
    washingMachines: [],
    chargingConstraints: null,
  };
  return {
    name: 'engine',
    secondsPerTimeStep: building.secondsPerTimeStep ?? 3600,
    randomSeed: 7,
    start: building.start ?? 0,
    end: building.end ?? rows - 1,
    buildings: [data],
    observations: (building.observations ?? ['hour']).map((name) => ({ name, active: true, shared: false })),
    actions: building.actions.map((name) => ({ name, active: true })),
    centralAgent: false,
    episodes: { timeSteps: null, rolling: false, random: false },
    reward: { type: 'RewardFunction', attributes: {} },
    electricVehicles: [],
    hash: '',
  };
}

/** One lane stepped by the engine alone, without rewards. */
export class EngineRun {
  readonly building: OpenBuilding;
  readonly states: LaneStates;
  /** Hours as they are reported: the block, and its time index. */
  readonly hours: { readonly t: number; readonly block: Float64Array }[] = [];
  readonly #actions: Float64Array;

  /** @param controlled a dynamics stub that is always ready and predicts nothing, so that device actions set the demand */
  constructor(district: District, profile: Profile, controlled = false, window?: EpisodeWindow) {
    const model = openModel(district.buildings[0]!, district, profile);
    const dynamics = { stateSize: 0, reset: () => undefined, ready: () => true, step: () => Number.NaN };
    const opened = openBuilding(model, 'fixed');
    this.building = controlled ? { ...opened, dynamics } : opened;
    const groups: Groups = {
      all: [lone],
      withCars: [],
      of: new Int32Array(1),
      place: new Int32Array(1),
      fleetWords: 0,
    };
    this.states = new LaneStates({
      district,
      lanes: [{ building: 0 }],
      buildings: [this.building],
      windows: [window ?? { start: 0, rows: model.rows }],
      stride: FIXED_FIELDS,
      groups,
      history: null,
    });
    this.states.tap((_lane, hours, at, t) => void this.hours.push({ t, block: hours.slice(at, at + FIXED_FIELDS) }));
    this.#actions = new Float64Array(model.actions.length);
    this.states.open(0, 0, 0);
    this.states.noteReset(0);
  }

  /** @returns whether the episode has ended */
  step(actions: Readonly<Record<string, number>>): boolean {
    this.building.model.actions.forEach(({ name }, i) => (this.#actions[i] = actions[name] ?? 0));
    this.states.act(0, this.#actions, 0);
    return this.states.finish(0);
  }

  observe(): Record<string, number> {
    const { names } = this.building.plan;
    const out = new Float64Array(names.length);
    this.states.readRaw(0, out, 0);
    return Object.fromEntries(names.map((name, i) => [name, out[i]!]));
  }
}

const lone: Groups['all'][number] = {
  lanes: Int32Array.of(0),
  ats: Int32Array.of(0),
  reward: (_hours, _ats, _rows, out) => void (out[0] = 0),
  fleet: null,
  fleetAt: 0,
};
