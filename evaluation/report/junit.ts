import type { RunResult } from '../../core/run.ts';
import type { GateVerdict } from '../gate/gate.ts';
import { verdictText } from '../gate/gate.ts';
import { escape } from './page.ts';

/**
 * A run's checks and gates as JUnit XML, which CI systems read: a case for each check, and for each gate on each attacked lane. A gate that could
 * not be judged is an error, not a pass.
 */
export function junitXml(result: RunResult, verdicts: readonly GateVerdict[]): string {
  const scenario = (result.scenario as { readonly name?: string }).name ?? 'run';
  const checks = result.checks.map(({ name, passed, detail }) =>
    testCase('checks', name, passed ? undefined : { kind: 'failure', type: 'check', text: detail }),
  );
  const gates = verdicts.map((verdict) =>
    testCase(
      'gates',
      `${verdict.gate} on ${verdict.lane}`,
      verdict.outcome === 'passed'
        ? undefined
        : { kind: verdict.outcome === 'failed' ? 'failure' : 'error', type: 'gate', text: verdictText(verdict) },
    ),
  );
  const suites = [
    suite('checks', checks, result.checks.filter(({ passed }) => !passed).length, 0, 0),
    suite('gates', gates, count(verdicts, 'failed'), count(verdicts, 'unjudged'), result.timing.seconds),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${attribute(scenario)}" tests="${checks.length + gates.length}">
${suites.join('\n')}
</testsuites>
`;
}

interface Problem {
  readonly kind: 'failure' | 'error';
  readonly type: string;
  readonly text: string;
}

function testCase(group: string, name: string, problem: Problem | undefined): string {
  const open = `    <testcase classname="faultline.${group}" name="${attribute(name)}"`;
  if (problem === undefined) return `${open}/>`;
  const { kind, type, text } = problem;
  return `${open}><${kind} type="${type}" message="${attribute(text)}"/></testcase>`;
}

function suite(name: string, cases: readonly string[], failures: number, errors: number, seconds: number): string {
  return `  <testsuite name="${name}" tests="${cases.length}" failures="${failures}" errors="${errors}" time="${seconds.toFixed(3)}">
${cases.join('\n')}
  </testsuite>`;
}

function count(verdicts: readonly GateVerdict[], outcome: GateVerdict['outcome']): number {
  return verdicts.filter((verdict) => verdict.outcome === outcome).length;
}

/** XML 1.0 has no place for control characters, escaped or not. */
function attribute(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what it is about
  return escape(text.replaceAll(/[\u0000-\u001f\u007f\ufffe\uffff]/g, ' '));
}
