import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { StudyResult } from '../../evaluation/studies/study.ts';
import { faultlineIn } from '../support/faultline.ts';
import { carryOut } from '../../cli/study-folder.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { CancelledError } from '../../core/errors.ts';
import type { Study } from '../../evaluation/studies/study.ts';
import { schema } from '../../evaluation/vocabulary.ts';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-study-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A study of two short evaluations of a shipped model. */
const small: Study = {
  title: 'Small',
  source: 'test',
  seeds: { full: 2, quick: 1 },
  plan: ({ seeds }) => ({
    trainings: [],
    runs: Array.from({ length: seeds }, (_, seed) => ({
      id: `run-${seed}`,
      scenario: scenarioFrom(
        {
          seed,
          district: { steps: 30, normalisation: 'fixed' },
          victim: { policy: 'ppo20-builtin' },
          attacks: [{ name: 'random-noise' }],
        },
        'test',
        schema,
      ),
      *extract({ schema, frames, features }) {
        yield 0.5;
        return schema.channels.length * frames.length * features.length;
      },
    })),
  }),
  conclude: (_options, outcomes) => ({
    claims: [
      {
        claim: 'all ran',
        holds: outcomes.size === 2,
        evidence: [...outcomes.values()].map(({ extract }) => extract).join(),
      },
    ],
    tables: [],
    figures: [],
  }),
};

const options = (out: string, signal = new AbortController().signal) => ({
  out: join(scratch, out),
  workers: 1,
  signal,
  quick: false,
  dataset: 'builtin',
  seeds: 2,
});

describe('a study in a folder', () => {
  it('keeps what it finished, does the rest, and redoes what is damaged', async () => {
    const first = await carryOut('small', small, options('a'));
    expect(first.claims[0]).toMatchObject({ holds: true });
    expect(first.claims[0]!.evidence).toMatch(/^[1-9]\d*,[1-9]\d*$/);
    const [zero, one] = [0, 1].map((run) => join(scratch, 'a', 'runs', `run-${run}.json`)) as [string, string];
    const made = statSync(zero).mtimeMs;
    writeFileSync(one, readFileSync(one, 'utf8').slice(0, 100));
    expect(await carryOut('small', small, options('a'))).toEqual(first);
    expect(statSync(zero).mtimeMs).toBe(made);
    expect(JSON.parse(readFileSync(one, 'utf8'))).toMatchObject({ result: { format: 'faultline-result' } });
    expect(JSON.parse(readFileSync(join(scratch, 'a', 'result.json'), 'utf8'))).toEqual(first);
  });

  it('ends when it is interrupted, and writes no result', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(carryOut('small', small, options('b', stop.signal))).rejects.toThrow(CancelledError);
    expect(existsSync(join(scratch, 'b', 'result.json'))).toBe(false);
  });
});

describe('faultline study', () => {
  it('names what it does not know', async () => {
    const { code, stderr } = await faultlineIn(scratch, ['study', 'bifurcatoin', '--out', 'x']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/unknown study 'bifurcatoin'. Did you mean 'bifurcation'/);
  });

  it('runs the bifurcation study in its quick version, on one seed', async () => {
    const args = ['study', 'bifurcation', '--quick', '--seeds', '1', '--workers', '2', '--out', 'quick', '--json'];
    const { code, stdout, stderr } = await faultlineIn(scratch, args);
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as StudyResult;
    expect(result.claims.length).toBeGreaterThan(10);
    for (const { claim, evidence } of result.claims) expect([claim, evidence]).not.toContain('NaN');
    expect(Object.keys(result.hashes.runs)).toContain('sac-seed0-trained');
    expect(existsSync(join(scratch, 'quick', 'report.html'))).toBe(true);
    expect(JSON.parse(readFileSync(join(scratch, 'quick', 'result.json'), 'utf8'))).toEqual(result);
  }, 600_000);
});
