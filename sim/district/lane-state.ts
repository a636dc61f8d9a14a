import { ShapeError } from '../../core/errors.ts';
import type { District } from '../data/dataset.ts';
import type { HourTap, LaneSpec } from './district-env.ts';
import { windowOf } from './episode.ts';
import type { EpisodeWindow } from './episode.ts';
import type { Group, Groups } from './group.ts';
import type { History } from './history.ts';
import { INDOOR_TEMPERATURE } from './hour.ts';
import { LaneClocks } from './lane-clock.ts';
import { loadWords, saveWords } from './lane-snapshot.ts';
import type { SnapshotColumn } from './lane-snapshot.ts';
import type { OpenBuilding } from './lane.ts';
import { actBeforeMoving, bookAfterMoving } from './split-step.ts';
import { beginHour, fillStores, moveStores, showOutside } from './hour-start.ts';
import { act, bookFirstHour, bookUncontrolled, settle } from './step.ts';

interface Parts {
  readonly district: District;
  readonly lanes: readonly LaneSpec[];
  readonly buildings: readonly OpenBuilding[];
  readonly windows: readonly EpisodeWindow[];
  readonly stride: number;
  readonly groups: Groups;
  readonly history: History | null;
}

/** The state of all lanes and how it moves: what is the same for one lane and for thousands. */
export class LaneStates {
  /** [N×stride] the hour last booked */
  readonly hours: Float64Array;
  /** [N] */
  readonly reward: Float64Array;
  readonly #p: Parts;
  readonly #n: number;
  readonly #stride: number;
  /** [N×stride] the hour shown, where that is not the one booked; else the same array */
  readonly #shown: Float64Array;
  readonly #clocks: LaneClocks;
  readonly #outages: Float64Array[];
  readonly #dynamics: Float64Array;
  readonly #dynamicsAt: Int32Array;
  readonly #fleets: Float64Array;
  readonly #groupRows: Int32Array;
  readonly #groupReward: Float64Array;
  readonly #taps: HourTap[] = [];
  /** [N×stride] the hours that close repaired episodes */
  #last: Float64Array | undefined;

  constructor(parts: Parts) {
    const { lanes, buildings, stride, groups } = parts;
    const n = lanes.length;
    this.#p = parts;
    this.#n = n;
    this.#stride = stride;
    this.hours = new Float64Array(n * stride);
    this.reward = new Float64Array(n);
    this.#shown = buildings.some(({ actsFirst }) => actsFirst) ? new Float64Array(n * stride) : this.hours;
    this.#clocks = new LaneClocks(n);
    this.#outages = buildings.map(() => new Float64Array(0));
    this.#dynamicsAt = new Int32Array(n);
    let words = 0;
    buildings.forEach(({ dynamics }, lane) => {
      this.#dynamicsAt[lane] = words;
      words += dynamics?.stateSize ?? 0;
    });
    this.#dynamics = new Float64Array(words);
    this.#fleets = new Float64Array(groups.fleetWords);
    const widest = Math.max(...groups.all.map((group) => group.lanes.length));
    this.#groupRows = new Int32Array(widest);
    this.#groupReward = new Float64Array(widest);
  }

  tap(listener: HourTap): void {
    this.#taps.push(listener);
  }

  /** SoC of every car of a lane's district in the hour last booked; 0 cars where it has none. */
  carSocs(lane: number): Float64Array {
    const group = this.#p.groups.all[this.#p.groups.of[lane]!]!;
    const { fleet, fleetAt } = group;
    return Float64Array.from(fleet?.cars ?? [], (_, car) => fleet!.carSoc(this.#fleets, fleetAt, car));
  }

  window(lane: number): EpisodeWindow {
    return this.#clocks.window(lane);
  }

  disturb(lane: number, kw: number, steps: number): void {
    const first = this.#clocks.t[lane]! + (this.#p.buildings[lane]!.actsFirst ? 0 : 1);
    this.#clocks.disturb(lane, kw, first, steps);
  }

  /** Begins a lane's n-th episode at time index `t` of it, all stores as their data say. */
  open(lane: number, resets: number, t: number): void {
    const { district, windows, buildings, lanes } = this.#p;
    const building = buildings[lane]!;
    const { plant, dynamics } = building;
    const window = windowOf(district, windows, resets);
    const { start, rows } = window;
    this.#clocks.begin(lane, resets, window, t);
    this.#outages[lane] = building.outages(start, rows, lanes[lane]!.seed ?? district.randomSeed);
    dynamics?.reset(this.#dynamics, this.#dynamicsAt[lane]!);
    const at = lane * this.#stride;
    const { hours } = this;
    hours.fill(0, at, at + this.#stride);
    fillStores(plant, hours, at);
    beginHour(plant, hours, at, start + t, this.#outages[lane]![t]!, false);
    if (plant.split) bookAfterMoving(plant, hours, at, start + t);
    else if (plant.lagged) bookFirstHour(plant, hours, at, start + t);
    else bookUncontrolled(plant, hours, at, start + t);
    settle(plant, hours, at, start + t, start + building.recordedRows(rows) - 1, 0);
    if (this.#shown !== this.hours) this.#shown.set(hours.subarray(at, at + this.#stride), at);
  }

  /** After all lanes of a group are open: its cars come. */
  openGroup(group: Group): void {
    if (group.fleet === null) return;
    const lane = group.lanes[0]!;
    const t = this.#clocks.t[lane]!;
    // Each episode draws anew, as v3 does (its seed is the dataset's plus the episode's number).
    const seed =
      ((this.#p.lanes[lane]!.seed ?? this.#p.district.randomSeed) + this.#clocks.resets[lane]!) % 0x1_0000_0000;
    const row = this.#clocks.start[lane]! + t;
    group.fleet.reset(this.#fleets, group.fleetAt, this.#shown, group.ats, t, row, seed, this.#clocks.rows[lane]!);
  }

  /** Reports the hour that a reset books, where no action will. An ended episode stays readable until then. */
  noteReset(lane: number): void {
    if (this.#clocks.fresh[lane] === 0) return;
    this.#clocks.fresh[lane] = 0;
    this.#p.history?.open(lane, this.#clocks.start[lane]!, this.#clocks.rows[lane]!);
    if (!this.#p.buildings[lane]!.actsFirst) this.#note(lane, this.hours, this.#clocks.t[lane]!, Number.NaN);
  }

  #note(lane: number, hours: Float64Array, t: number, reward: number): void {
    const at = lane * this.#stride;
    this.#p.history?.write(lane, hours, at, t);
    for (let i = 0; i < this.#taps.length; i++)
      this.#taps[i]!(lane, hours, at, t, this.#clocks.start[lane]! + t, reward);
  }

  /** One lane's actions and their hour, up to its net. */
  act(lane: number, actions: Float64Array, from: number): void {
    this.noteReset(lane);
    const building = this.#p.buildings[lane]!;
    const { plant, dynamics } = building;
    const { profile } = building.model;
    const { hours } = this;
    const at = lane * this.#stride;
    const clock = this.#clocks.t[lane]!;
    const start = this.#clocks.start[lane]!;
    const t = building.actsFirst ? clock : clock + 1;
    const row = start + t;
    const { split } = plant;
    const twice = clock === 0 && profile.defects['first-hour-thrice'];
    const outage = this.#outages[lane]![t]!;
    if (!building.actsFirst && !split) moveStores(plant, hours, at);
    beginHour(plant, hours, at, row, outage, twice);
    if (split) {
      actBeforeMoving(plant, hours, at, row - 1, actions, from);
      bookAfterMoving(plant, hours, at, row);
    } else {
      const window = this.#dynamicsAt[lane]!;
      const controlled = dynamics !== null && dynamics.ready(this.#dynamics, window);
      act(plant, hours, at, row, actions, from, controlled);
      if (plant.cars) {
        const group = this.#p.groups.all[this.#p.groups.of[lane]!]!;
        const place = this.#p.groups.place[lane]!;
        group.fleet!.act(this.#fleets, group.fleetAt, place, actions, from, hours, at, t, row);
      }
      if (twice) bookUncontrolled(plant, hours, at, row);
      else if (plant.lagged && clock === 0) bookFirstHour(plant, hours, at, row);
    }
    const extra = this.#clocks.extra(lane, t) * plant.hoursPerStep;
    settle(plant, hours, at, row, start + building.recordedRows(this.#clocks.rows[lane]!) - 1, extra);
    if (dynamics !== null && !split) {
      const temperature = dynamics.step(this.#dynamics, this.#dynamicsAt[lane]!, hours, at, row);
      if (!Number.isNaN(temperature)) hours[at + INDOOR_TEMPERATURE] = temperature;
    }
  }

  payGroup(group: Group): void {
    const { lanes } = group;
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[i]!;
      this.#groupRows[i] =
        this.#clocks.start[lane]! + this.#clocks.t[lane]! + (this.#p.buildings[lane]!.actsFirst ? 0 : 1);
    }
    group.reward(this.hours, group.ats, this.#groupRows, this.#groupReward);
    for (let i = 0; i < lanes.length; i++) this.reward[lanes[i]!] = this.#groupReward[i]!;
  }

  /** Reports the hour, moves the clock and prepares what is shown; true where the episode has ended. */
  finish(lane: number): boolean {
    const building = this.#p.buildings[lane]!;
    const clock = this.#clocks.t[lane]!;
    const t = clock + 1;
    const last = this.#clocks.rows[lane]! - 1;
    this.#note(lane, this.hours, building.actsFirst ? clock : t, this.reward[lane]!);
    this.#clocks.t[lane] = t;
    const ended = t === last;
    if (!building.actsFirst) return ended;
    const { plant } = building;
    const { profile } = building.model;
    const at = lane * this.#stride;
    moveStores(plant, this.hours, at);
    if (ended && profile.alignment === 'lagged') {
      // v3's clock stands still on its last step: the last observation is the one before, with the temperature that came of it.
      this.#shown[at + INDOOR_TEMPERATURE] = this.hours[at + INDOOR_TEMPERATURE]!;
      return true;
    }
    const row = this.#clocks.start[lane]! + t;
    const outage = this.#outages[lane]![t]!;
    if (profile.defects['blind-to-storage']) {
      this.#shown.fill(0, at, at + this.#stride);
      beginHour(plant, this.#shown, at, row, outage, false);
    } else {
      this.#shown.set(this.hours.subarray(at, at + this.#stride), at);
      showOutside(plant, this.#shown, at, row, outage);
    }
    if (ended && profile.alignment === 'now') {
      if (!profile.defects['last-hour-idle']) this.#closeLast(lane, t);
      else this.#note(lane, this.#shown, t, Number.NaN);
    }
    return ended;
  }

  /** The repaired last hour: nobody acts in it, and its loads are booked. */
  #closeLast(lane: number, t: number): void {
    const { plant } = this.#p.buildings[lane]!;
    const at = lane * this.#stride;
    const row = this.#clocks.start[lane]! + t;
    const last = (this.#last ??= new Float64Array(this.hours.length));
    last.set(this.hours.subarray(at, at + this.#stride), at);
    beginHour(plant, last, at, row, this.#outages[lane]![t]!, false);
    bookUncontrolled(plant, last, at, row);
    settle(plant, last, at, row, row, 0);
    this.#note(lane, last, t, Number.NaN);
  }

  /** After the clocks of a group have moved: its cars come and go. */
  moveCars(group: Group): void {
    const lane = group.lanes[0]!;
    const t = this.#clocks.t[lane]!;
    if (t >= this.#clocks.rows[lane]!) return;
    group.fleet!.advance(this.#fleets, group.fleetAt, this.#shown, group.ats, t, this.#clocks.start[lane]! + t);
  }

  /** The lane's next episode. */
  startOver(lane: number): void {
    this.open(lane, this.#clocks.resets[lane]! + 1, 0);
    const group = this.#p.groups.all[this.#p.groups.of[lane]!]!;
    if (group.fleet !== null && lane === group.lanes.at(-1)) this.openGroup(group);
  }

  observe(lane: number, out: Float32Array, offset: number): void {
    const { plan } = this.#p.buildings[lane]!;
    plan.write(this.#seen(lane), lane * this.#stride, this.#clocks.start[lane]! + this.#clockShown(lane), out, offset);
  }

  readRaw(lane: number, out: Float64Array, offset: number): void {
    const { plan } = this.#p.buildings[lane]!;
    plan.read(this.#seen(lane), lane * this.#stride, this.#clocks.start[lane]! + this.#clockShown(lane), out, offset);
  }

  #seen(lane: number): Float64Array {
    return this.#p.buildings[lane]!.actsFirst ? this.#shown : this.hours;
  }

  #clockShown(lane: number): number {
    const t = this.#clocks.t[lane]!;
    const ended = t === this.#clocks.rows[lane]! - 1;
    return ended && this.#p.buildings[lane]!.model.profile.alignment === 'lagged' ? t - 1 : t;
  }

  /** The whole state but the recorded past. Source of the layout: lane-snapshot.ts. */
  save(): Float64Array {
    return saveWords(this.#n, this.#columns(), this.#blocks());
  }

  load(words: Float64Array): void {
    loadWords(words, this.#n, this.#columns(), this.#blocks(), (lane, [t, resets, start, rows]) => {
      const window = windowOf(this.#p.district, this.#p.windows, resets!);
      if (window.start !== start || window.rows !== rows || !(t! >= 0 && t! < window.rows - 1))
        throw new ShapeError(
          `snapshot: lane ${lane} is at hour ${t} of rows ${start} + ${rows}, expected 0 … ${window.rows - 2} of ${window.start} + ${window.rows}`,
        );
    });
    for (let lane = 0; lane < this.#n; lane++) {
      const building = this.#p.buildings[lane]!;
      const start = this.#clocks.start[lane]!;
      const rows = this.#clocks.rows[lane]!;
      const seed = this.#p.lanes[lane]!.seed ?? this.#p.district.randomSeed;
      this.#outages[lane] = building.outages(start, rows, seed);
      this.#p.history?.open(lane, start, rows);
      if (!building.actsFirst && this.#clocks.fresh[lane] === 0)
        this.#p.history?.write(lane, this.hours, lane * this.#stride, this.#clocks.t[lane]!);
    }
  }

  #columns(): SnapshotColumn[] {
    return [...this.#clocks.columns(), this.reward];
  }

  #blocks(): Float64Array[] {
    const shown = this.#shown === this.hours ? [] : [this.#shown];
    return [this.hours, ...shown, this.#dynamics, this.#fleets];
  }
}
