import { ConfigError, UnknownNameError } from '../core/errors.ts';
import type { GridResult, NetworkResult } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { GridTopology } from '../core/telemetry.ts';
import { BATTERY_CONSUMPTION, NET, SOLAR } from '../sim/district/hour.ts';
import { builtinGrids } from '../sim/grid/builtin/index.ts';
import { isGridFile } from '../sim/grid/case-text.ts';
import { FrequencyMeter, frequencyKpiUnits } from '../sim/grid/placed/frequency-meter.ts';
import { GridMeter, gridKpiUnits } from '../sim/grid/placed/grid-meter.ts';
import { noseMargin } from '../sim/grid/placed/nose-margin.ts';
import type { PlacedState } from '../sim/grid/placed/nose-margin.ts';
import { PlacedLanes } from '../sim/grid/placed/placed-lanes.ts';
import { referenceBus } from '../sim/grid/placed/placement.ts';
import type { PlacedDistrict } from '../sim/grid/placed/placement.ts';
import { StepReader } from '../sim/grid/placed/step-reader.ts';
import type { AddChannel } from './channels.ts';
import { placedOf, systemOf } from './grid-placement.ts';
import { cascadeKpiUnits, Protection } from './grid-protection.ts';
import { DistrictHistory, shareKpiUnits, sharesNeeded } from './grid-shares.ts';
import type { Part } from './part.ts';
import type { Recorder } from './recorder.ts';
import { ratios, regret } from './regret.ts';
import type { Workspace } from './workspace.ts';

/** Lanes of a network begin with it, as those of a building begin with its name. */
const laneOf = (label: string): string => `grid/${label}`;

/** Beyond so many voltages a step, buses are recorded for the clean twins and the first attack only. */
const mostVoltages = 1024;

/** The network of a run: one copy with the clean twins on it, one for each attack. */
export interface GridStage {
  readonly hash: string;
  readonly topology: GridTopology;
  register(add: AddChannel): void;
  /** @param lane of the district  @param hours, at its booked hour */
  note(lane: number, hours: Float64Array, at: number): void;
  /** Solves the step that has been noted, and writes its row. */
  solve(recorder: Recorder): void;
  result(): GridResult;
}

/** What one copy has come to. */
interface Copy {
  readonly label: string;
  readonly meter: GridMeter;
  /** null: the scenario does not ask */
  readonly frequency: FrequencyMeter | null;
  readonly protection: Protection | null;
  readonly history: DistrictHistory | null;
  readonly net: Float64Array;
  readonly inverter: Float64Array;
  /** The step with the least voltage so far, or the first one without a solution. */
  worst: { readonly vmin: number; readonly state: PlacedState } | undefined;
}

/** @returns undefined where the scenario has no `grid`  @param hours of a step  @throws {ConfigError} with JSON pointers into the scenario */
export async function openGrid(
  scenario: Scenario,
  workspace: Workspace,
  part: Part,
  labels: readonly string[],
  hours: number,
): Promise<GridStage | undefined> {
  const { grid: spec } = scenario;
  if (spec === undefined) return undefined;
  const { buildings } = scenario.district;
  if (part.buildings.length < buildings.length)
    throw new ConfigError('a part of a district cannot stand on its network', { place: { path: '/grid' } });
  if (buildings.includes('grid'))
    throw new ConfigError("a building is called 'grid', which is the network's name in results", {
      place: { path: '/district/buildings' },
    });
  if (!isGridFile(spec.case) && !builtinGrids.includes(spec.case))
    throw new UnknownNameError('grid case', spec.case, builtinGrids, { path: '/grid/case' });
  const { grid, hash } = await workspace.grid(spec.case);
  const placed = placedOf(grid, spec, buildings);
  return gridStage(placed, hash, scenario, labels, hours);
}

function gridStage(
  placed: PlacedDistrict,
  hash: string,
  { grid: spec, attacks, district }: Scenario,
  labels: readonly string[],
  hours: number,
): GridStage {
  const { grid, island, feeder, n } = placed;
  const [low, high] = spec!.limits.voltage;
  const count = district.buildings.length;
  const system = spec!.frequency === undefined ? null : systemOf(spec!.frequency);
  const copies = ['clean', ...labels].map((label): Copy => ({
    label,
    meter: new GridMeter(placed, hours, { low, high }),
    frequency: system === null ? null : new FrequencyMeter(system, hours),
    protection: spec!.protection === undefined ? null : new Protection(placed, spec!.protection, hours),
    history: spec!.shares === undefined ? null : new DistrictHistory(),
    net: new Float64Array(count),
    inverter: new Float64Array(count),
    worst: undefined,
  }));
  const rated = island.branches.some((row) => grid.branch.rateA[row]! > 0);
  const lanes = new PlacedLanes(placed, copies.length, rated);
  const reader = new StepReader(lanes);
  const writers: ((recorder: Recorder) => void)[] = [];
  let step = 0;

  /** Keeps what is needed to ask for the margin at the worst step when the run is over. */
  function keepWorst(copy: Copy, lane: number): void {
    const { solved, vmin } = reader.step;
    const value = solved ? vmin : -Infinity;
    if (copy.worst !== undefined && !(value < copy.worst.vmin)) return;
    const { position, switched } = lanes.regulators;
    const own = <T>(all: ArrayLike<T>): T[] => Array.from(all).filter((_, k) => k % copies.length === lane);
    const { net, inverter } = copy;
    const state = { step, hours, net: net.slice(), inverter: inverter.slice(), taps: own(position) };
    copy.worst = { vmin: value, state: { ...state, capacitors: own(switched) } };
  }

  return {
    hash,
    topology: {
      name: grid.name,
      buses: Array.from(island.buses, (row) => grid.bus.bus[row]!),
      branches: Array.from(island.branches, (row) => [grid.branch.from[row]!, grid.branch.to[row]!] as const),
      reference: referenceBus(placed),
      band: [low, high],
    },
    register(add) {
      // By the whole panel, so that a part of it records what the whole does.
      const everywhere = n * (1 + attacks.length) <= mostVoltages;
      for (const { label } of copies) {
        const lane = laneOf(label);
        const vmin = add(lane, 'vmin', 'pu');
        const vmax = add(lane, 'vmax', 'pu');
        const loading = rated ? add(lane, 'max_loading', 'share') : -1;
        const slack = add(lane, 'slack', 'MW');
        const homes = add(lane, 'homes', 'MW');
        const losses = add(lane, 'losses', 'MW');
        const detailed = everywhere || label === 'clean' || label === (attacks[0]!.label ?? attacks[0]!.name);
        const buses = detailed
          ? Array.from(island.buses, (row) => ({ row, at: add(lane, `v.${grid.bus.bus[row]}`, 'pu') }))
          : [];
        writers.push((recorder) => {
          const solved = reader.step;
          recorder.set(vmin, solved.vmin);
          recorder.set(vmax, solved.vmax);
          if (loading >= 0) recorder.set(loading, solved.maxLoading);
          recorder.set(slack, solved.slackMw);
          recorder.set(homes, solved.controlledMw);
          recorder.set(losses, solved.lossMw);
          for (const { row, at } of buses) recorder.set(at, solved.vm[row]!);
        });
      }
    },
    note(lane, hour, at) {
      const { net, inverter } = copies[Math.floor(lane / count)]!;
      net[lane % count] = hour[at + NET]!;
      inverter[lane % count] = hour[at + SOLAR]! + hour[at + BATTERY_CONSUMPTION]!;
    },
    solve(recorder) {
      for (let c = 0; c < copies.length; c++) lanes.load(c, step, hours, copies[c]!.net, copies[c]!.inverter);
      lanes.solve();
      for (let c = 0; c < copies.length; c++) {
        reader.read(c);
        copies[c]!.meter.push(reader.step);
        copies[c]!.frequency?.push(reader.step);
        copies[c]!.protection?.push(lanes.flow, c, reader.step);
        copies[c]!.history?.push(copies[c]!.net, copies[c]!.inverter);
        if (c > 0) copies[c]!.frequency?.against(copies[0]!.frequency!);
        writers[c]!(recorder);
        keepWorst(copies[c]!, c);
        lanes.advance(c);
      }
      step++;
    },
    result() {
      const twin = copies[0]!.history?.series(count, hours);
      const networks = copies.map(({ label, meter, frequency, protection, history, worst }, c): NetworkResult => {
        const own = c === 0 ? null : history?.series(count, hours);
        const shares =
          history === null ? {} : sharesNeeded(placed, twin!, own ?? null, [low, high], rated, spec!.shares!);
        const cascade = protection?.result();
        const margin = worst === undefined ? Number.NaN : noseMargin(placed, worst.state);
        return {
          lane: laneOf(label),
          attack: label,
          kpis: {
            ...meter.values(),
            nose_margin: Number.isFinite(margin) ? margin : null,
            ...frequency?.values(),
            ...(cascade === undefined
              ? {}
              : {
                  cascade_lines_tripped: cascade?.linesTripped ?? null,
                  cascade_served: cascade?.servedFraction ?? null,
                  cascade_energy_not_served: cascade?.unservedMwh ?? null,
                }),
            ...shares,
          },
          ...(cascade === undefined ? {} : { cascade }),
          extremes: {
            ...meter.extremes(),
            ...(frequency === null
              ? {}
              : { frequency: frequency.worstStep < 0 ? null : { step: frequency.worstStep } }),
          },
        };
      });
      const clean = networks[0]!.kpis;
      return {
        case: grid.name,
        buses: n,
        homes: placed.count.reduce((sum, homes) => sum + homes, 0),
        method: feeder === null ? 'newton' : 'sweep',
        units: {
          ...gridKpiUnits,
          nose_margin: 'share',
          ...(system === null ? {} : frequencyKpiUnits),
          ...(spec!.protection === undefined ? {} : cascadeKpiUnits),
          ...(spec!.shares === undefined ? {} : shareKpiUnits),
        },
        findings: placed.findings.map(({ code, message }) => `${code}: ${message}`),
        networks: networks.map((network, k) => {
          if (k === 0) return network;
          const delta = regret(network.kpis, clean);
          const ratio = ratios(network.kpis, clean);
          return {
            ...network,
            regret: Object.fromEntries(
              Object.keys(delta).map((kpi) => [kpi, { delta: delta[kpi]!, ratio: ratio[kpi]! }]),
            ),
          };
        }),
      };
    },
  };
}
