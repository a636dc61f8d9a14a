import type { RunResult } from '../../core/run.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import type { Figure } from './figure.ts';
import { runFigures } from './figures.ts';
import type { ReportNote } from './notes.ts';
import { resultTechniques } from './stix.ts';
import type { Technique } from './techniques.ts';

/** What the HTML report shows, for programs: result.json, the figures as numbers, the techniques of the attacks, and what people said. */
export interface ReportDocument {
  readonly format: 'faultline-report';
  readonly version: 1;
  readonly result: RunResult;
  readonly figures: readonly Figure[];
  readonly attacks: readonly { readonly label: string; readonly techniques: readonly Technique[] }[];
  /** By step; none where they are not at hand. */
  readonly notes: readonly ReportNote[];
}

/** @param schema null when there is no telemetry */
export function reportDocument(
  result: RunResult,
  schema: TelemetrySchema | null,
  frames: readonly TelemetryFrame[],
  notes: readonly ReportNote[] = [],
): ReportDocument {
  return {
    format: 'faultline-report',
    version: 1,
    result,
    figures: schema === null ? [] : runFigures(result, schema, frames),
    attacks: resultTechniques(result),
    notes,
  };
}
