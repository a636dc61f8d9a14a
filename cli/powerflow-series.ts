import { csvText } from '../core/csv.ts';
import type { GridCase } from '../sim/grid/grid-case.ts';
import { powerFlowSeries } from '../sim/grid/series.ts';
import type { SeriesLoads, SeriesSummary } from '../sim/grid/series.ts';
import { progress, table } from './output.ts';

/** Band that a series is held against, p.u. */
const band = { low: 0.95, high: 1.05 };

/** What a series of power flows came to: figures for a script, text for a person, a row a step. */
export interface SolvedSeries {
  readonly kpis: Readonly<Record<string, number | null>>;
  readonly text: string;
  readonly csv: string;
}

/** @param hours of a step */
export function solveSeries(grid: GridCase, loads: SeriesLoads, hours: number): SolvedSeries {
  const bar = progress(loads.steps, 'series', 'steps');
  const work = powerFlowSeries(grid, loads);
  try {
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return told(grid, value, loads.steps, hours);
      bar.update(value * loads.steps);
    }
  } finally {
    bar.stop();
  }
}

function told({ bus, name }: GridCase, summary: SeriesSummary, steps: number, hours: number): SolvedSeries {
  const { converged, vmin, vmax, vminBus, vmaxBus, lossMw, lossMvar, slackMw, slackMvar } = summary;
  const solved = [...converged.keys()].filter((step) => converged[step] === 1);
  const sum = (of: (step: number) => number): number => solved.reduce((total, step) => total + of(step), 0);
  const best = (of: Float64Array, sign: 1 | -1): number | undefined =>
    solved.reduce<number | undefined>(
      (at, step) => (at === undefined || sign * of[step]! > sign * of[at]! ? step : at),
      undefined,
    );
  const [low, high, peak, back] = [best(vmin, -1), best(vmax, 1), best(slackMw, 1), best(slackMw, -1)];
  const id = (rows: Int32Array, step: number | undefined): number | null =>
    step === undefined ? null : bus.bus[rows[step]!]!;
  const value = (of: Float64Array, step: number | undefined): number | null => (step === undefined ? null : of[step]!);
  const kpis = {
    steps,
    hours,
    solvedSteps: solved.length,
    vminPu: value(vmin, low),
    vminBus: id(vminBus, low),
    vminStep: low ?? null,
    vmaxPu: value(vmax, high),
    vmaxBus: id(vmaxBus, high),
    vmaxStep: high ?? null,
    hoursBelow: hours * sum((step) => (vmin[step]! < band.low ? 1 : 0)),
    hoursAbove: hours * sum((step) => (vmax[step]! > band.high ? 1 : 0)),
    lossesMwh: hours * sum((step) => lossMw[step]!),
    importMwh: hours * sum((step) => Math.max(0, slackMw[step]!)),
    exportMwh: hours * sum((step) => Math.max(0, -slackMw[step]!)),
    peakImportMw: value(slackMw, peak),
    peakStep: peak ?? null,
    largestExportMw: back === undefined ? null : Math.max(0, -slackMw[back]!),
  };
  const at = (step: number | undefined): string => (step === undefined ? '' : ` in step ${step}`);
  const number = (x: number | null, digits: number): string => (x === null ? '–' : x.toFixed(digits));
  const text = `${name}: ${steps} steps of ${hours} h, ${solved.length} with a solution\n${table([
    ['lowest voltage', `${number(kpis.vminPu, 6)} p.u. at bus ${kpis.vminBus}${at(low)}`],
    ['highest voltage', `${number(kpis.vmaxPu, 6)} p.u. at bus ${kpis.vmaxBus}${at(high)}`],
    [`below ${band.low} p.u.`, `${kpis.hoursBelow} h`],
    [`above ${band.high} p.u.`, `${kpis.hoursAbove} h`],
    ['losses', `${kpis.lossesMwh.toFixed(4)} MWh`],
    ['import', `${kpis.importMwh.toFixed(4)} MWh, at most ${number(kpis.peakImportMw, 6)} MW${at(peak)}`],
    ['export', `${kpis.exportMwh.toFixed(4)} MWh, at most ${number(kpis.largestExportMw, 6)} MW`],
  ])}`;
  const head = [
    'step',
    'solved',
    'vminPu',
    'vminBus',
    'vmaxPu',
    'vmaxBus',
    'lossMw',
    'lossMvar',
    'slackMw',
    'slackMvar',
  ];
  const cells = (step: number): (number | null)[] => {
    const here = converged[step] === 1 ? step : undefined;
    return [
      step,
      converged[step]!,
      vmin[step]!,
      id(vminBus, here),
      vmax[step]!,
      id(vmaxBus, here),
      lossMw[step]!,
      lossMvar[step]!,
      slackMw[step]!,
      slackMvar[step]!,
    ];
  };
  let row = cells(0);
  const csv = csvText(head, steps, (step, column) => {
    if (column === 0) row = cells(step);
    return row[column]!;
  });
  return { kpis, text, csv };
}
