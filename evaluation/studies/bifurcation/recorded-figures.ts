import type { PanelEntry } from './panel.ts';
import type { Kpi } from './measured.ts';
import { recorded, recordedKpis } from './recorded.ts';
import type { VictimKind } from './victims.ts';

/** One column of the paper's record of a victim, KPIs in the order of `recordedKpis`; undefined where there is none. */
export function recordedRow({ recorded: victim }: VictimKind, column: string): readonly number[] | undefined {
  return victim === null ? undefined : (recorded[victim] as Readonly<Record<string, readonly number[]>>)[column];
}

function columnOf({ recorded: victim }: VictimKind, entry: PanelEntry): string | undefined {
  return victim === null ? undefined : entry.recorded?.[victim];
}

/** `KPI(column) − KPI(baseline)` of the run that an entry stands beside; null where none was recorded. */
export function recordedRegret(kind: VictimKind, entry: PanelEntry, kpi: Kpi): number | null {
  const column = columnOf(kind, entry);
  if (column === undefined) return null;
  const at = recordedKpis.indexOf(kpi);
  return recordedRow(kind, column)![at]! - recordedRow(kind, 'baseline')![at]!;
}

/** The success rate (bins) or mean |Δu| (continuous) of that run, [0, 1]; null where none was recorded. */
export function recordedMeasure(kind: VictimKind, entry: PanelEntry): number | null {
  const column = columnOf(kind, entry);
  return column === undefined ? null : (recordedRow(kind, column)![recordedKpis.length] ?? null);
}
