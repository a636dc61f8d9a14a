import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Head } from '../../../core/policy.ts';
import { composePolicy } from '../../../nn/import/compose.ts';
import { equivalence } from '../../../nn/import/equivalence.ts';
import type { ImportOptions, ImportedModel } from '../../../nn/import/imported-model.ts';
import { importerFor } from '../../../nn/import/index.ts';
import { withNormaliser } from '../../../nn/import/normalise.ts';
import { readVecNormalize } from '../../../nn/import/vec-normalize.ts';
import { loadPolicy } from '../../../nn/policy.ts';
import { fileSource } from './file-source.ts';

/** What test/golden/make-import.py says of a file: how it is to be read, and what PyTorch made of some observations. */
interface Golden extends Pick<ImportOptions, 'activation' | 'net' | 'low' | 'high' | 'values'> {
  readonly file: string;
  readonly head: Head['kind'];
  readonly vecnormalize?: string;
  readonly reads?: 'physical';
  readonly observations: number[][];
  readonly outputs?: number[][];
  readonly actions?: number[][];
}

const folder = join(import.meta.dirname, '..', '..', 'golden', 'import');
const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Golden);

function open(golden: Golden, options: Partial<ImportOptions> = {}): ImportedModel {
  const source = fileSource(join(folder, golden.file));
  const { activation, net, low, high, values, head } = golden;
  const [format, importer] = importerFor(source);
  // What the file says itself must not need saying.
  const told = format === 'sb3' ? { low, high, values } : { activation, net, low, high, values, head };
  const model = importer.read(source, { ...told, ...options });
  if (golden.vecnormalize === undefined) return model;
  const statistics = readVecNormalize(readFileSync(join(folder, golden.vecnormalize)), golden.vecnormalize);
  return withNormaliser(model, statistics, 'statistics');
}

function features(model: ImportedModel, golden: Golden): ReturnType<typeof composePolicy> {
  return composePolicy(model, { name: golden.file, reads: golden.reads ?? 'normalised' });
}

describe('controllers of PyTorch and Stable-Baselines3', () => {
  it('are twenty at least, of every head', () => {
    expect(cases.length).toBeGreaterThanOrEqual(20);
    expect(new Set(cases.map((one) => one.head)).size).toBe(4);
  });

  it.each(cases)('$file computes what its source did', (golden) => {
    const model = open(golden, golden.head === 'deterministic' ? { head: golden.head } : {});
    expect(model.head.kind).toBe(golden.head);
    const { files } = features(model, golden);
    using policy = loadPolicy(files.card, files.weights, golden.file);
    const { observations, outputs, actions } = golden;
    const found = equivalence(policy, model, golden.reads ?? 'normalised', { observations, outputs, actions });
    expect(found.rows).toBe(8);
    expect(found.maximumDifference, found.where).toBeLessThan(2e-6);
    // The float64 evaluation, which stands in where nobody has expected outputs, is one of the same network.
    const own = equivalence(policy, model, golden.reads ?? 'normalised', { observations });
    expect(own.maximumDifference, own.where).toBeLessThan(2e-6);
    if (outputs !== undefined)
      for (const [row, observation] of observations.entries())
        for (const [k, value] of [...model.evaluate(Float64Array.from(observation))].entries())
          expect(Math.abs(value - outputs[row]![k]!)).toBeLessThan(2e-6);
  });
});
