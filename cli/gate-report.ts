import type { RunResult } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import { labelOf } from '../core/scenario.ts';
import { judge, openGates, verdictText } from '../evaluation/gate/gate.ts';
import type { Gate } from '../evaluation/gate/gate.ts';
import { junitXml } from '../evaluation/report/junit.ts';
import { writeFile } from './files.ts';
import { note } from './output.ts';

/** Of commands that judge a result. */
export const failIfText =
  'gate: exit 1 when the condition holds on any attacked lane, such as `regret.electricity_consumption_total > 0.1`; may be given again';
export const junitText = 'write checks and gates as JUnit XML, for CI';

/** Collects an option that may be given again. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** Checks the conditions before anything runs. @throws {ConfigError} {UnknownNameError} */
export function gatesOf(
  conditions: readonly string[] | undefined,
  { detectors = [], grid }: Pick<Scenario, 'detectors' | 'grid'>,
): Gate[] {
  return openGates(conditions ?? [], { detectors: detectors.map(labelOf), grid: grid !== undefined && grid !== null });
}

/** Judges a result: says what failed, writes JUnit where asked to, and sets the exit code. */
export function gate(result: RunResult, gates: readonly Gate[], junit: string | undefined): void {
  const verdicts = judge(result, gates);
  if (gates.length > 0 && verdicts.length === 0) note('gate: no lane was attacked, nothing was judged');
  const bad = verdicts.filter(({ outcome }) => outcome !== 'passed');
  for (const verdict of bad) note(`gate: ${verdictText(verdict)}`);
  if (junit !== undefined) writeFile(junit, junitXml(result, verdicts));
  if (bad.length > 0 || (gates.length > 0 && verdicts.length === 0)) process.exitCode = 1;
}
