import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StudyResult } from '../../evaluation/studies/study.ts';
import { faultlineIn } from '../support/faultline.ts';
import type { CellRunner } from '../../cli/study-cells.ts';
import { carryOut } from '../../cli/study-folder.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import type { Study } from '../../evaluation/studies/study.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

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

describe('the cells of a study', () => {
  const ran: string[] = [];
  const cells: Study = {
    ...small,
    plan: ({ seeds }) => ({
      trainings: [],
      runs: [],
      cells: Array.from({ length: seeds }, (_, seed) => ({
        id: `arm-seed${seed}`,
        title: `seed ${seed}`,
        shape: z.strictObject({ seed: z.int(), figure: z.number() }),
        async run(progress) {
          ran.push(`arm-seed${seed}`);
          progress(0.5);
          if (seed > 7) throw new ConfigError(`seed ${seed} has no arm`);
          return { seed, figure: seed / 3, dropped: undefined };
        },
      })),
    }),
    conclude: (_options, _outcomes, found) => ({
      claims: [{ claim: 'all ran', holds: true, evidence: JSON.stringify([...found]) }],
      tables: [],
      figures: [],
    }),
  };
  const here: CellRunner = (cell, progress) => cell.run(progress, memoryWorkspace());

  it('are run once, and again where they are damaged, the options or the code differ', async () => {
    const first = await carryOut('cells', cells, options('c'), here);
    expect(first.claims[0]!.evidence).toBe(
      JSON.stringify([0, 1].map((seed) => [`arm-seed${seed}`, { seed, figure: seed / 3 }])),
    );
    expect(ran.splice(0)).toEqual(['arm-seed0', 'arm-seed1']);
    const file = join(scratch, 'c', 'cells', 'arm-seed1.json');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 10));
    expect(await carryOut('cells', cells, options('c'), here)).toEqual(first);
    expect(ran.splice(0)).toEqual(['arm-seed1']);
    await carryOut('cells', cells, { ...options('c'), seeds: 3, workers: 2 }, here);
    expect(ran.splice(0)).toEqual(['arm-seed2']);
    await carryOut('cells', cells, { ...options('c'), quick: true }, here);
    expect(ran.splice(0)).toEqual(['arm-seed0', 'arm-seed1']);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), code: 'other' }));
    await carryOut('cells', cells, { ...options('c'), quick: true }, here);
    expect(ran.splice(0)).toEqual(['arm-seed1']);
  });

  it('end with the first fault, what was finished being kept', async () => {
    await expect(carryOut('cells', cells, { ...options('d'), seeds: 10 }, here)).rejects.toThrow('seed 8 has no arm');
    expect(existsSync(join(scratch, 'd', 'cells', 'arm-seed7.json'))).toBe(true);
    expect(existsSync(join(scratch, 'd', 'result.json'))).toBe(false);
  });

  it('run in a thread, which says by name what is wrong', async () => {
    await expect(carryOut('bifurcation', cells, options('e'))).rejects.toMatchObject({
      name: 'UnknownNameError',
      message: expect.stringContaining("unknown cell of study bifurcation 'arm-seed0'"),
    });
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
