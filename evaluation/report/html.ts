import type { LaneResult, ModuleReport, RunResult } from '../../core/run.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import { figureSvg } from './figure.ts';
import { runFigures } from './figures.ts';
import { gridSection } from './grid.ts';
import { noteSection } from './notes.ts';
import type { ReportNote } from './notes.ts';
import { escape, page } from './page.ts';

/**
 * A run as one HTML file: no script, inline SVG, the numbers in tables and in a JSON block. The clean twin has always the first colour.
 * @param schema null when there is no telemetry to draw: the parts of a merged result keep their own
 */
export function reportHtml(
  result: RunResult,
  schema: TelemetrySchema | null,
  frames: readonly TelemetryFrame[],
  notes: readonly ReportNote[] = [],
): string {
  const scenario = result.scenario as { readonly name?: string };
  const title = scenario.name ?? 'run';
  const body = `<p>Seed ${result.seed}; ${result.lanes[0]!.steps} steps; ${result.timing.seconds.toFixed(1)} s (${result.timing.gradientsPerSecond.toFixed(0)} gradients/s).
Regret is KPI under attack minus KPI of the clean twin; 1.0 is the building without its battery, lower is better.</p>
${moduleTable(result.modules ?? [])}
${kpiTable(result.lanes)}
<h2>Attacks</h2>
${attackTable(result.lanes)}
${detectionTable(result.lanes)}
${constraintTable(result.lanes)}
${gridSection(result.grid)}
${schema === null ? '' : charts(result, schema, frames)}
${noteSection(notes)}
<h2>Checks</h2>
<ul>${result.checks.map((check) => `<li${check.passed ? '' : ' class="bad"'}>${check.passed ? 'passed' : 'FAILED'}: ${escape(check.name)} — ${escape(check.detail)}</li>`).join('\n')}</ul>
<h2>Identity</h2>
<pre>${escape(JSON.stringify({ hashes: result.hashes, versions: result.versions }, null, 2))}</pre>`;
  return page(title, body, result);
}

function charts(result: RunResult, schema: TelemetrySchema, frames: readonly TelemetryFrame[]): string {
  return runFigures(result, schema, frames)
    .map((figure) => `<h2>${escape(figure.title)}</h2>\n<figure>${figureSvg(figure)}</figure>`)
    .join('\n');
}

function kpiTable(lanes: readonly LaneResult[]): string {
  const names = Object.keys(lanes[0]!.kpis);
  const cell = (lane: LaneResult, name: string): string => {
    const delta = lane.regret?.[name];
    return `${lane.kpis[name]?.toFixed(4) ?? '–'}${delta === undefined || delta === null ? '' : ` (${delta >= 0 ? '+' : ''}${delta.toFixed(4)})`}`;
  };
  return `<table><thead><tr><th>KPI</th>${lanes.map((lane) => `<th>${escape(lane.lane)}</th>`).join('')}</tr></thead><tbody>
${names.map((name) => `<tr><td>${name}</td>${lanes.map((lane) => `<td>${cell(lane, name)}</td>`).join('')}</tr>`).join('\n')}</tbody></table>`;
}

function attackTable(lanes: readonly LaneResult[]): string {
  const rows = lanes.filter((lane) => lane.regret !== undefined);
  const show = (value: number | null | undefined, digits: number): string => value?.toFixed(digits) ?? '–';
  return `<table><thead><tr><th>lane</th><th>success rate</th><th>mean |Δaction|</th><th>side changed</th><th>L∞ max</th><th>L∞ mean</th><th>queries</th><th>gradients</th><th>seconds</th></tr></thead><tbody>
${rows.map((lane) => `<tr><td>${escape(lane.lane)}</td><td>${show(lane.success?.rate, 3)}</td><td>${show(lane.success?.meanAbsoluteActionChange, 3)}</td><td>${show(lane.success?.sideChangeRate, 3)}</td><td>${show(lane.norms?.linfMax, 4)}</td><td>${show(lane.norms?.linfMean, 4)}</td><td>${show(lane.cost?.queries, 0)}</td><td>${show(lane.cost?.gradients, 0)}</td><td>${show(lane.cost?.seconds, 1)}</td></tr>`).join('\n')}</tbody></table>`;
}

/** Nothing where the victim ran as it is. */
function moduleTable(modules: readonly ModuleReport[]): string {
  if (modules.length === 0) return '';
  const figures = ({ figures: own }: ModuleReport): string =>
    Object.entries(own)
      .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
      .join(', ');
  return `<h2>Modules around the victim</h2>
<p>In this order; what comes out is what ran and what was attacked. Shares of changed decisions are on recorded clean rows, beside the victim before the module.</p>
<table><thead><tr><th>module</th><th>what</th><th>strength</th><th>figures</th></tr></thead><tbody>
${modules.map((one) => `<tr><td>${escape(one.label)}</td><td>${escape(one.title)}</td><td>${one.strength}${one.applied ? '' : ' (not applied)'}</td><td>${escape(figures(one))}</td></tr>`).join('\n')}</tbody></table>`;
}

/** Nothing where no detector was on duty. */
function detectionTable(lanes: readonly LaneResult[]): string {
  const rows = lanes.flatMap((lane) =>
    Object.entries(lane.detection ?? {}).map(([detector, own]) => {
      const share = own.rate === null ? '–' : `${(100 * own.rate).toFixed(1)} %`;
      const interval =
        own.interval === null
          ? ''
          : ` (${(100 * own.interval.low).toFixed(1)} to ${(100 * own.interval.high).toFixed(1)})`;
      return `<tr><td>${escape(lane.lane)}</td><td>${escape(detector)}</td><td>${share}${interval}</td><td>${own.alarmDays} of ${own.heldOutDays}</td><td>${own.firstAlarm ?? 'never'}</td><td>${own.threshold.toPrecision(4)}</td></tr>`;
    }),
  );
  if (rows.length === 0) return '';
  return `<h2>Detection</h2>
<p>Days with an alarm, of those that a detector has neither learnt from nor been calibrated on, with 95 % intervals; on clean lanes the alarms are false.</p>
<table><thead><tr><th>lane</th><th>detector</th><th>days with an alarm</th><th>days</th><th>steps before the first</th><th>threshold</th></tr></thead><tbody>
${rows.join('\n')}</tbody></table>`;
}

/** Which rules held an attacker back, in shares of the steps; empty where no attack had any. */
function constraintTable(lanes: readonly LaneResult[]): string {
  const held = lanes.filter((lane) => lane.constraints !== undefined);
  if (held.length === 0) return '';
  const names = [...new Set(held.flatMap((lane) => Object.keys(lane.constraints!)))];
  const cell = (lane: LaneResult, name: string): string => {
    const counts = lane.constraints![name];
    if (counts === undefined) return '–';
    const share = (count: number): string => `${((100 * count) / lane.steps).toFixed(1)} %`;
    return counts.gaveWay === 0 ? share(counts.bound) : `${share(counts.bound)} (gave way ${share(counts.gaveWay)})`;
  };
  return `<h2>Constraints: on which share of the steps each held the attacker back</h2>
<table><thead><tr><th>constraint</th>${held.map((lane) => `<th>${escape(lane.lane)}</th>`).join('')}</tr></thead><tbody>
${names.map((name) => `<tr><td>${escape(name)}</td>${held.map((lane) => `<td>${cell(lane, name)}</td>`).join('')}</tr>`).join('\n')}</tbody></table>`;
}
