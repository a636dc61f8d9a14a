import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import type { Decisions, Rollout } from '../../../logits/preference/decision-policy.ts';
import { districtEnv } from '../../../sim/district/district-env.ts';
import { BATTERY_BALANCE, BATTERY_SOC, COST, NET, NET_WITHOUT_STORAGE } from '../../../sim/district/hour.ts';
import { districtOptions } from '../../district.ts';
import { schema } from '../../vocabulary.ts';
import type { VictimSource, Workspace } from '../../workspace.ts';

/** What operators look at in a schedule of a day; all are to be small. */
export const concerns = ['cost', 'ramping', 'wear', 'peak', 'unserved'] as const;

export type Concern = (typeof concerns)[number];

/** A day of a battery: 24 decisions and what came of them. */
export interface Schedule extends Decisions {
  /** [concerns] $ of imports; Σ|Δnet| kWh; Σ|battery| kWh; largest import kWh; kWh that a power cut of four hours would leave unserved, over all hours that it may begin in. */
  readonly burden: Float64Array;
}

export const hoursADay = 24;
const cut = 4;

/** A controller's building, in which a day can be lived through as often as one likes. The prompt is a day of the year, from 1. */
export interface Ground {
  readonly observationSize: number;
  /** Actions of the controller's head, in units of the environment. */
  readonly values: readonly number[];
  /** Logits of the shipped controller. @param x [rows×O]  @param out [rows×K] */
  readonly teacher: (x: Float32Array, rows: number, out: Float32Array) => void;
  readonly rollout: Rollout<number, Schedule>;
  readonly days: number;
}

/**
 * Building_1 of the built-in district. A day begins in the state that the shipped controller leaves after the day before, the same for all
 * schedules of the day.
 * @throws {ConfigError} for a controller without bins
 */
export async function ground(source: VictimSource, workspace: Workspace): Promise<Ground> {
  const { network, normalisation } = source;
  if (network?.head.kind !== 'categorical')
    throw new ConfigError(`irepo: '${source.name}' has no bins, expected a policy with a categorical head`);
  const { values } = network.head;
  const scenario = scenarioFrom(
    {
      district: { dataset: 'builtin', buildings: ['Building_1'], normalisation: normalisation ?? 'fixed' },
      victim: { policy: source.name },
      attacks: [{ name: 'none' }],
    },
    source.name,
    schema,
  );
  const district = await workspace.dataset('builtin', scenario.district.buildings);
  const options = { ...districtOptions(scenario, district), history: 'none' } as const;
  using whole = districtEnv({ ...options, lanes: [{ building: 0 }] });
  const { capacity } = whole.lane(0).model.devices.battery;
  const days = Math.floor(whole.episodeSteps / hoursADay);
  return {
    observationSize: network.observationSize,
    values,
    teacher: (x, rows, out) => network.logits(x, rows, out),
    days,
    rollout: (asked, responses, choose, random) => {
      const lanes = asked.flatMap((day) =>
        Array.from({ length: responses }, () => ({ building: 0, start: (day - 1) * hoursADay })),
      );
      using env = districtEnv({ ...options, lanes });
      const streams = lanes.map((_, lane) => random.split(lane));
      const size = env.observationSize;
      const kept = lanes.map(() => new Float32Array(hoursADay * size));
      const actions = lanes.map(() => new Int32Array(hoursADay));
      const books = lanes.map(() => new Book(capacity));
      const taken = new Float64Array(lanes.length);
      let { observation } = env.reset(rng(0));
      for (let t = 0; t < hoursADay; t++) {
        network.decide(observation, lanes.length, taken);
        ({ observation } = env.step(taken));
      }
      for (const [lane, book] of books.entries()) book.begin(env.hours[lane * env.stride + NET]!);
      for (let t = 0; t < hoursADay; t++) {
        const chosen = choose(observation, streams);
        for (const [lane, action] of chosen.entries()) {
          kept[lane]!.set(observation.subarray(lane * size, (lane + 1) * size), t * size);
          actions[lane]![t] = action;
          taken[lane] = values[action]!;
        }
        ({ observation } = env.step(taken));
        for (const [lane, book] of books.entries()) book.enter(env.hours, lane * env.stride);
      }
      return asked.map((_, n) =>
        Array.from({ length: responses }, (_, d) => {
          const lane = n * responses + d;
          return { observations: kept[lane]!, actions: actions[lane]!, burden: books[lane]!.close() };
        }),
      );
    },
  };
}

/** Adds up a day. */
class Book {
  readonly #capacity: number;
  readonly #load: number[] = [];
  readonly #stored: number[] = [];
  #last = 0;
  #cost = 0;
  #ramping = 0;
  #wear = 0;
  #peak = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  begin(net: number): void {
    this.#last = net;
  }

  enter(hours: Float64Array, at: number): void {
    const net = hours[at + NET]!;
    this.#cost += Math.max(hours[at + COST]!, 0);
    this.#ramping += Math.abs(net - this.#last);
    this.#wear += Math.abs(hours[at + BATTERY_BALANCE]!);
    this.#peak = Math.max(this.#peak, net);
    this.#last = net;
    this.#load.push(Math.max(0, hours[at + NET_WITHOUT_STORAGE]!));
    this.#stored.push(hours[at + BATTERY_SOC]! * this.#capacity);
  }

  close(): Float64Array {
    const begins = hoursADay - cut;
    let unserved = 0;
    for (let t = 0; t < begins; t++) {
      const needed = this.#load.slice(t + 1, t + 1 + cut).reduce((sum, load) => sum + load, 0);
      unserved += Math.max(0, needed - this.#stored[t]!) / begins;
    }
    return Float64Array.of(this.#cost, this.#ramping, this.#wear, this.#peak, unserved);
  }
}

/** Days of the year by what they are for: of four weeks two are learned from, one validates, one is held out. */
export function daysOf(count: number): {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
} {
  const all = Array.from({ length: count - 1 }, (_, day) => day + 1);
  const ofWeeks = (...weeks: readonly number[]): number[] =>
    all.filter((day) => weeks.includes(Math.floor(day / 7) % 4));
  return { train: ofWeeks(0, 1), validation: ofWeeks(2), test: ofWeeks(3) };
}
