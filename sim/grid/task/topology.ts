import type { Rng } from '../../../core/rng.ts';
import type { Feature } from '../../../core/space.ts';
import type { Channel } from '../../../core/telemetry.ts';
import type { Kernel } from '../../lockstep-env.ts';
import { builtinGrid } from '../builtin/index.ts';
import { daysFor, feederYear, hoursPerDay } from './feeder-year.ts';
import type { DayUse } from './feeder-year.ts';
import { Switchyard } from './switchyard.ts';
import type { GridTask, Measure } from './task.ts';
import { survivable, thermalLimits, trip } from './thermal-limits.ts';
import { topologyActions } from './topology-actions.ts';
import type { TopologyAction } from './topology-actions.ts';
import { topologyConfig, topologyMeasures } from './topology-options.ts';
import { topologyReferences } from './topology-references.ts';

const stepsPerHour = 12;
/** Steps in which nothing more can be done to a line or a substation that was acted upon. */
const coolDown = 3;
/** Steps that an outage lasts. */
const outageSteps = 24;
/** Generators that can be moved (bus), by how much a step, MW; and how far below and above the plan. */
const movable = [
  { bus: 2, ramp: 5 },
  { bus: 3, ramp: 5 },
] as const;
/** Largest loading above which rules let an action act, and the greedy reference looks at every one. */
const nearLimit = 0.95;
/** Cost of a MW away from the plan for a step. */
const redispatchCost = 0.002;

/**
 * A small transmission network through eight hours, in Grid2Op's terms, on case14.
 *
 * | | |
 * |---|---|
 * | observation | time (cos, sin), load of both kinds of buses, loading ρ of every branch, whether it is in service, steps above its limit and until it may be switched, busbar of every element of the substations that can be split, steps until these may be, redispatch; [0, 1] |
 * | action [1] | number of an action: nothing, switch a branch, assign a substation, move a generator by its ramp; what is illegal is nothing |
 * | reward | mean over branches of max(0, 1 − ρ²), 0 for one out of service; less 0.002 a MW away from the plan; 0 in a blackout |
 * | start | an hour of a day, the whole network in service; a branch goes out for two hours at a step that is drawn |
 * | terminated | blackout: a load or generator is cut off, or there is no solution |
 * | truncated | after 96 steps of five minutes |
 *
 * A step: the action; the next loads; the outage; the flow; trips by Grid2Op's rule (ρ > 2 at once, ρ > 1 for more than two steps), flow and trips again until nothing trips. Loads are
 * those of `feederYear` between their hours, 0.7 + 0.4 of their share; generator 2 follows them, the reference takes the rest. ρ is apparent power over a limit in MVA.
 * Source: Grid2Op's documentation (`Parameters`, `L2RPNReward`); its numbers are not reproduced: other back-end, other chronics.
 */
export function topology(raw: unknown, use: DayUse): GridTask {
  const { practice, ...asked } = topologyConfig.parse(raw);
  const learns = use === 'train' ? practice : undefined;
  const config = { ...asked, horizon: learns?.horizon ?? asked.horizon };
  const grid = builtinGrid('case14');
  const yard = new Switchyard(grid, config.substations);
  const { substations, elements } = yard;
  const { bus, gen, branch } = grid;
  const lines = branch.rows;
  const split = substations.length;
  const moved = movable.map(({ bus: number, ramp }) => ({ row: gen.bus.indexOf(number), ramp }));
  const actions = topologyActions(Array.from(branch.status.keys()), substations, moved);
  const days = daysFor(use);
  const { load } = feederYear();

  const limits = thermalLimits(yard, config.margin);
  const outable = config.outages ? survivable(yard, limits) : [];

  const state: Channel[] = [];
  const place = (count: number, name: (i: number) => string, unit: string): number => {
    for (let i = 0; i < count; i++) state.push({ name: name(i), unit });
    return state.length - count;
  };
  const lineName = (l: number): string => `line_${branch.from[l]}_${branch.to[l]}`;
  const busbarNames = substations.flatMap(({ bus: number, elements: own }) =>
    own.map(({ kind, row }) =>
      kind === 'load' || kind === 'generator' ? `bus${number}_${kind}_busbar` : `bus${number}_${lineName(row)}_busbar`,
    ),
  );
  // The hour of the year in which the episode begins, the step, and the branch that goes out, and when.
  const START = place(1, () => 'start', 'h');
  const STEP = place(1, () => 'step', 'step');
  const OUT = place(2, (i) => ['outage_branch', 'outage_step'][i]!, '1');
  const DARK = place(1, () => 'blackout', '0 or 1');
  const RHO = place(lines, (l) => `rho_${lineName(l)}`, '1');
  const STATUS = place(lines, (l) => `status_${lineName(l)}`, '0 or 1');
  const OVER = place(lines, (l) => `over_${lineName(l)}`, 'step');
  const WAIT = place(lines, (l) => `wait_${lineName(l)}`, 'step');
  const BUSBAR = place(elements, (e) => busbarNames[e]!, '0 or 1');
  const REST = place(split, (s) => `wait_bus${substations[s]!.bus}`, 'step');
  const SHIFT = place(moved.length, (m) => `redispatch_bus${movable[m]!.bus}`, 'MW');
  const MEASURE = state.length;
  const measures = topologyMeasures.map((measure, k): Measure => ({ ...measure, at: MEASURE + k }));

  const [pd, qd, pg] = [new Float64Array(bus.rows), new Float64Array(bus.rows), new Float64Array(gen.rows)];
  const status = new Float64Array(lines);
  const busbar = new Float64Array(elements);
  const share = (kind: 0 | 1, at: number): number => {
    const hour = Math.min(Math.floor(at), load[kind].length - 2);
    const between = at - hour;
    return 0.7 + 0.4 * (load[kind][hour]! * (1 - between) + load[kind][hour + 1]! * between);
  };
  /** Solves the lane's network with the loads of its step. */
  const flow = (own: Float64Array): boolean => {
    const at = own[START]! + own[STEP]! / stepsPerHour;
    const kinds = [share(0, at), share(1, at)] as const;
    let factor = 0;
    for (let row = 0; row < bus.rows; row++) {
      const here = config.load * kinds[row % 2 === 1 ? 0 : 1];
      pd[row] = bus.Pd[row]! * here;
      qd[row] = bus.Qd[row]! * here;
      factor += here / bus.rows;
    }
    for (let g = 0; g < gen.rows; g++) pg[g] = gen.Pg[g]! * factor;
    for (let m = 0; m < moved.length; m++) pg[moved[m]!.row]! += own[SHIFT + m]!;
    for (let l = 0; l < lines; l++) status[l] = own[STATUS + l]!;
    for (let e = 0; e < elements; e++) busbar[e] = own[BUSBAR + e]!;
    if (!yard.solve(busbar, status, pd, qd, pg)) return false;
    for (let l = 0; l < lines; l++) own[RHO + l] = yard.mva[l]! / limits[l]!;
    return true;
  };

  /** Does what is legal; returns whether it was. */
  const act = (own: Float64Array, action: TopologyAction): boolean => {
    if (action.kind === 'nothing') return true;
    if (action.kind === 'line') {
      const { branch: l } = action;
      if (own[WAIT + l]! > 0) return false;
      own[STATUS + l] = 1 - own[STATUS + l]!;
      own[OVER + l] = 0;
      own[WAIT + l] = coolDown;
      return true;
    }
    if (action.kind === 'substation') {
      const { substation: s, busbars } = action;
      if (own[REST + s]! > 0) return false;
      for (let e = 0; e < busbars.length; e++) own[BUSBAR + substations[s]!.first + e] = busbars[e]!;
      own[REST + s] = coolDown;
      return true;
    }
    const m = moved[0]!.row === action.generator ? 0 : 1;
    const { row } = moved[m]!;
    const next = own[SHIFT + m]! + action.mw;
    const planned = gen.Pg[row]!;
    if (planned + next < gen.Pmin[row]! || planned + next > gen.Pmax[row]!) return false;
    own[SHIFT + m] = next;
    return true;
  };

  /** Counts steps above the limit, and takes out what has to go; returns how many went. */
  const protect = (own: Float64Array, first: boolean): number => {
    let tripped = 0;
    for (let l = 0; l < lines; l++) {
      const rho = own[RHO + l]!;
      if (rho <= 1) {
        if (first) own[OVER + l] = 0;
        continue;
      }
      if (first) own[OVER + l]!++;
      if (rho <= trip.hard && own[OVER + l]! <= trip.patience) continue;
      own[STATUS + l] = 0;
      own[OVER + l] = 0;
      own[WAIT + l] = trip.recovery;
      tripped++;
    }
    return tripped;
  };

  const isNear = (own: Float64Array): boolean => {
    for (let l = 0; l < lines; l++) if (own[RHO + l]! > nearLimit) return true;
    return false;
  };
  /** What standing rules make of an action. */
  const ruled = (own: Float64Array, action: TopologyAction): TopologyAction => {
    for (let l = 0; l < lines; l++) if (own[STATUS + l] === 0 && own[WAIT + l]! <= 1) return actions[1 + l]!;
    return action.kind !== 'line' && isNear(own) ? action : actions[0]!;
  };

  const step = (own: Float64Array, decided: TopologyAction, isRuled: boolean): number => {
    own.fill(0, MEASURE);
    const action = config.rules && isRuled ? ruled(own, decided) : decided;
    if (own[DARK] === 1) {
      own[STEP]!++;
      return finish(own, true, 0);
    }
    for (let l = 0; l < lines; l++) own[WAIT + l] = Math.max(0, own[WAIT + l]! - 1);
    for (let s = 0; s < split; s++) own[REST + s] = Math.max(0, own[REST + s]! - 1);
    if (!act(own, action)) own[MEASURE + 7] = 1;
    own[STEP]!++;
    if (own[STEP] === own[OUT + 1]) {
      own[STATUS + own[OUT]!] = 0;
      own[OVER + own[OUT]!] = 0;
      own[WAIT + own[OUT]!] = outageSteps;
    }
    let trips = 0;
    for (let round = 0; ; round++) {
      if (!flow(own)) return finish(own, true, trips);
      if (round === 0) for (let l = 0; l < lines; l++) if (own[RHO + l]! > 1) own[MEASURE + 2]!++;
      const now = protect(own, round === 0);
      trips += now;
      if (now === 0) return finish(own, false, trips);
    }
  };

  /** Writes the measures, and returns the reward. */
  const finish = (own: Float64Array, dark: boolean, trips: number): number => {
    own[DARK] = dark ? 1 : 0;
    let [most, score, shifted, beyond] = [0, 0, 0, 0];
    if (dark) own.fill(0, RHO, RHO + lines);
    for (let l = 0; l < lines; l++) {
      const rho = own[RHO + l]!;
      most = Math.max(most, rho);
      beyond += Math.max(0, rho - 1);
      if (own[STATUS + l] === 1) score += Math.max(0, 1 - rho * rho) / lines;
    }
    for (let m = 0; m < moved.length; m++) shifted += Math.abs(own[SHIFT + m]!);
    const reward = dark ? 0 : score - redispatchCost * shifted - (learns?.overload ?? 0) * beyond;
    let total = 0;
    if (dark) for (let row = 0; row < bus.rows; row++) total += bus.Pd[row]! * config.load;
    own[MEASURE] = 1 - reward;
    own[MEASURE + 1] = dark ? 0 : 1;
    own[MEASURE + 3] = trips;
    own[MEASURE + 4] = most;
    own[MEASURE + 5] = total / stepsPerHour;
    own[MEASURE + 6] = dark ? 0 : shifted / stepsPerHour;
    return reward;
  };

  const horizonHours = Math.ceil(config.horizon / stepsPerHour) + 1;
  const features: Feature[] = [
    { name: 'hour_cos', unit: '1', low: -1, high: 1 },
    { name: 'hour_sin', unit: '1', low: -1, high: 1 },
    { name: 'load_homes', unit: '1', low: 0, high: 1.5 },
    { name: 'load_mixed', unit: '1', low: 0, high: 1.5 },
    ...state.slice(RHO, MEASURE).map(({ name, unit }, i): Feature => {
      const at = RHO + i;
      const high =
        at < STATUS ? 2 : at < OVER ? 1 : at < WAIT ? 3 : at < BUSBAR ? outageSteps : at < REST ? 1 : coolDown;
      return at < SHIFT ? { name, unit, low: 0, high } : { name, unit, low: -100, high: 100 };
    }),
  ];
  const draw = (own: Float64Array, rng: Rng): void => {
    const day = days[rng.int(days.length)]!;
    own[START] = day * hoursPerDay + rng.int(hoursPerDay - horizonHours + 1);
    own[OUT] = outable[rng.int(Math.max(1, outable.length))] ?? 0;
    own[OUT + 1] = 1 + rng.int(Math.max(1, config.horizon - outageSteps));
    if (outable.length === 0) own[OUT + 1] = -1;
  };
  const kernel: Kernel = {
    features,
    actions: [{ name: 'action', unit: 'number', low: 0, high: actions.length - 1 }],
    state: [...state, ...measures],
    horizon: config.horizon,
    init(own, rng) {
      own.fill(0, 0, MEASURE);
      draw(own, rng);
      own.fill(1, STATUS, STATUS + lines);
      flow(own);
    },
    observe(own, out) {
      const at = own[START]! + own[STEP]! / stepsPerHour;
      const turn = (2 * Math.PI * at) / hoursPerDay;
      out[0] = (Math.cos(turn) + 1) / 2;
      out[1] = (Math.sin(turn) + 1) / 2;
      out[2] = Math.min(1, share(0, at) / 1.5);
      out[3] = Math.min(1, share(1, at) / 1.5);
      for (let i = 4; i < features.length; i++) {
        const { low, high } = features[i]!;
        out[i] = Math.min(1, Math.max(0, (own[RHO + i - 4]! - low) / (high - low)));
      }
    },
    advance: (own, action) =>
      step(own, actions[Math.min(actions.length - 1, Math.max(0, Math.round(action[0]!)))]!, true),
    terminal: (own) => own[DARK] === 1,
  };

  return {
    kernel,
    secondsPerStep: 3600 / stepsPerHour,
    measures,
    references: topologyReferences({
      actions,
      horizon: config.horizon,
      step,
      isNear,
      isDark: (own) => own[DARK] === 1,
      isOut: (own, l) => own[STATUS + l] === 0,
      loading: (own) => own[MEASURE + 4]!,
    }),
  };
}
