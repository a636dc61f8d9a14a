import type { AreaSystem } from './area-model.ts';
import { AreaPlant } from './area-plant.ts';
import { AreaRecorder, withinStep } from './area-record.ts';
import type { AreaRun, AreaRunOptions } from './area-run.ts';
import type { FeedbackLoad } from './feedback-load.ts';
import { FrequencyHistory } from './frequency-history.ts';
import type { HybridEnd, HybridSystem } from './hybrid-run.ts';
import { Schedule } from './area-schedule.ts';
import { areaRelays } from './area-relays.ts';
import type { StepMethod } from './runge-kutta.ts';
import type { SheddingScheme } from './shedding.ts';
import { RelayBank } from './timed-relay.ts';

export interface AreaEvent {
  readonly t: number;
  readonly kind: 'load' | 'shed' | 'rocof-trip' | 'generator-trip' | 'blackout';
  /** From 1: the waveform, the stage, the relay. */
  readonly index: number;
  /** From 1 */
  readonly area: number;
  /** Hz, there and then */
  readonly f: number;
  /** p.u. that the balance gains by it */
  readonly power: number;
}

/** A slope this far beyond 0 has turned, p.u./s: rounding is no extreme. */
const turned = 1e-11;
/** s of history that one cubic holds */
const piece = 0.01;
/** s, two moments that are one */
const same = 1e-11;

/** Areas, their relays and what is done to them, as a hybrid system. */
export class AreaHybrid implements HybridSystem {
  readonly n: number;
  readonly guards: number;
  over = false;
  private readonly system: AreaSystem;
  private readonly plant: AreaPlant;
  private readonly relays: RelayBank;
  private readonly schedule: Schedule;
  private readonly recorder: AreaRecorder;
  private readonly history: FrequencyHistory;
  private readonly events: AreaEvent[] = [];
  private readonly shedding: Float64Array;
  /** [areas] which way the frequency goes */
  private readonly course: Int8Array;
  /** The state at the end of the last step, and within this. */
  private readonly before: Float64Array;
  private readonly after: Float64Array;
  private shed = 0;
  private notServed = 0;
  private now = 0;

  constructor(
    system: AreaSystem,
    options: AreaRunOptions & {
      readonly sample: number;
      readonly shedding: SheddingScheme;
      readonly attacks: readonly FeedbackLoad[];
    },
  ) {
    const { attacks, loads = [] } = options;
    const windows = (options.relays ?? []).map(({ window }) => window);
    const areas = system.areas.length;
    this.system = system;
    const history = new FrequencyHistory(areas);
    this.history = history;
    this.plant = new AreaPlant(system, attacks, history);
    this.n = this.plant.n;
    this.recorder = new AreaRecorder(system, this.plant, options.duration, options.sample);
    this.shedding = new Float64Array(areas);
    this.course = new Int8Array(areas).fill(1);
    this.before = new Float64Array(this.n);
    this.after = new Float64Array(this.n);
    this.schedule = new Schedule(system, this.plant, attacks, loads, windows, (kind, index, area, power, t, x) =>
      this.tell(kind, index, area, power, t, x),
    );
    const rules = areaRelays(system, this.plant, this.recorder, history, options, {
      shed: (area, stage, share, t, x) => {
        const { load } = system.areas[area]!;
        const base =
          options.shedBase === 'atTrip' ? load - this.shedding[area]! + this.schedule.added(area, t, x) : load;
        const power = share * Math.max(0, base);
        this.shedding[area]! += power;
        this.shed += power;
        this.plant.load[area]! -= power;
        this.schedule.echo(t);
        this.tell('shed', stage, area, power, t, x);
      },
      lose: (kind, index, area, power, t, x) => {
        this.plant.load[area]! += power;
        this.schedule.echo(t);
        this.tell(kind, index, area, -power, t, x);
      },
      blackout: (area, t, x) => {
        this.over = true;
        this.tell('blackout', area + 1, area, 0, t, x);
      },
    });
    this.relays = new RelayBank(rules);
    this.guards = this.plant.guards + this.relays.guards + areas;
  }

  rates(t: number, x: Float64Array, out: Float64Array): void {
    this.plant.rates(t, x, out);
  }

  guardsAt(t: number, x: Float64Array, out: Float64Array): void {
    this.plant.guardsInto(t, x, out);
    this.relays.guardsInto(t, x, out, this.plant.guards);
    const at = this.plant.guards + this.relays.guards;
    this.plant.slopesInto(t, x, out, at);
    for (let i = 0; i < this.course.length; i++) out[at + i] = this.course[i]! * out[at + i]! + turned;
  }

  cross(guard: number, t: number, x: Float64Array): void {
    const relay = guard - this.plant.guards;
    if (relay < 0) this.plant.cross(guard, x);
    else if (relay < this.relays.guards) this.relays.cross(relay, t);
    else {
      const area = relay - this.relays.guards;
      this.course[area] = -this.course[area]!;
      this.recorder.note(t, x);
    }
  }

  due(t: number): number {
    return Math.min(this.schedule.due(t), this.relays.due());
  }

  happen(t: number, x: Float64Array): void {
    this.schedule.happen(t, x, same);
    this.relays.happen(t, x, same);
  }

  taken(t: number, h: number, theta: number, x: Float64Array, method: StepMethod): void {
    const length = theta * h;
    this.now = t + length;
    this.recorder.step(t, length, x, withinStep(method, t, h));
    this.remember(t, h, theta, x, method);
    this.recorder.note(this.now, x);
    this.notServed += this.shed * length;
    for (let i = 0; i < this.system.areas.length; i++)
      if (this.now >= 0.5)
        this.recorder.note500(
          i,
          (this.system.unit * (x[this.plant.places[i]!.frequency]! - this.history.at(i, this.now - 0.5))) / 0.5,
        );
  }

  result(ended: HybridEnd): AreaRun {
    const { count } = this.recorder;
    const areas = this.system.areas.map((_, i) => {
      const record = this.recorder.record(i);
      return { ...record, f: record.f.subarray(0, count) };
    });
    return {
      ended: ended === 'over' ? 'blackout' : ended,
      end: this.now,
      events: this.events,
      t: this.recorder.times.subarray(0, count),
      areas,
      shed: this.shed,
      notServed: this.notServed,
    };
  }

  private tell(kind: AreaEvent['kind'], index: number, area: number, power: number, t: number, x: Float64Array): void {
    this.events.push({ t, kind, index, area: area + 1, f: this.recorder.hertz(area, x), power });
    this.recorder.note(t, x);
  }

  /** Keeps the stretch of a step: in pieces where steps are long. */
  private remember(t: number, h: number, theta: number, x: Float64Array, method: StepMethod): void {
    const { history, plant, before, after } = this;
    const pieces = method.controlled ? Math.ceil((theta * h) / piece) : 1;
    let from = t;
    for (let p = 1; p <= pieces; p++) {
      const part = (p / pieces) * theta;
      if (p === pieces) after.set(x);
      else method.at(part, after);
      const to = t + part * h;
      history.stretch(from, to);
      plant.places.forEach(({ frequency }, i) =>
        history.put(i, before[frequency]!, plant.slope(i, from, before), after[frequency]!, plant.slope(i, to, after)),
      );
      before.set(after);
      from = to;
    }
  }
}
