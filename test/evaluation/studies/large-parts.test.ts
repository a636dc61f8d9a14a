import { describe, expect, it } from 'vitest';
import { UnknownNameError } from '../../../core/errors.ts';
import { dhkdStudy } from '../../../evaluation/studies/dhkd/index.ts';
import { largeCell, largeSetting } from '../../../evaluation/studies/dhkd/large.ts';
import type { LargeSetting } from '../../../evaluation/studies/dhkd/large.ts';
import { entropyImages, entropyImagesSize } from '../../../evaluation/studies/scaling-law/entropy-images.ts';
import { scalingLawStudy } from '../../../evaluation/studies/scaling-law/index.ts';
import type { StudyOptions } from '../../../evaluation/studies/study.ts';
import { expectShaped } from '../../support/cell-value.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';

const options: StudyOptions = { quick: false, dataset: 'builtin', seeds: 2 };
const idsOf = (plan: ReturnType<typeof dhkdStudy.plan>): string[] => (plan.cells ?? []).map(({ id }) => id);

let tf: Tf;
onBackend('wasm', (taken) => (tf = taken));

describe('the large part of dhkd', () => {
  const tiny: LargeSetting = {
    ...largeSetting,
    side: 8,
    classes: 3,
    noise: 0.1,
    rows: 256,
    judged: 30,
    epochs: 1,
    teacher: { filters: [4, 4], width: 8 },
    student: { filters: [2, 2], width: 4 },
  };

  it('is done where it is named, and then alone', () => {
    expect(idsOf(dhkdStudy.plan(options)).filter((id) => id.includes('images-large'))).toEqual([]);
    expect(idsOf(dhkdStudy.plan({ ...options, only: ['images-large'] }))).toEqual([
      'images-large-plain-seeds2',
      'images-large-aligned-seeds2',
    ]);
    expect(() => dhkdStudy.plan({ ...options, only: ['images-huge'] })).toThrow(UnknownNameError);
  });

  it('teaches every arm with every α on every seed, beside the same teachers, and concludes', async () => {
    const before = tf.memory().numTensors;
    const plain = await largeCell(tf, 'plain', 2, tiny, () => undefined);
    const aligned = await largeCell(tf, 'aligned', 2, tiny, () => undefined);
    expect(tf.memory().numTensors).toBe(before);
    const { shape } = dhkdStudy.plan({ ...options, only: ['images-large'] }).cells![0]!;
    for (const lessons of [plain, aligned]) expectShaped(shape, lessons, ['']);
    expect(plain.map(({ teacher }) => teacher)).toEqual(aligned.map(({ teacher }) => teacher));
    expect(plain[0]!.lessons.map(({ arm, alpha }) => `${arm} ${alpha}`)).toEqual([
      'ce 0',
      'one-head 1',
      'two-heads 1',
      ...['norm-two-heads', 'kd', 'dkd'].flatMap((arm) => [0.1, 0.3, 1, 3].map((alpha) => `${arm} ${alpha}`)),
    ]);
    const cells = new Map<string, unknown>([
      ['images-large-plain-seeds2', plain],
      ['images-large-aligned-seeds2', aligned],
    ]);
    const { claims, tables } = dhkdStudy.conclude({ ...options, only: ['images-large'] }, new Map(), cells);
    expect(claims).toHaveLength(6);
    expect(claims[0]!.claim).toMatch(/^DHKD is better than KD on large images/);
    expect(tables[0]!.rows).toHaveLength(7);
  }, 120_000);
});

describe('the entropy penalty on images', () => {
  it('is done where it is named', () => {
    const ids = (only?: string[]): string[] => idsOf(scalingLawStudy.plan({ ...options, only }));
    expect(ids().filter((id) => id.startsWith('entropy-images'))).toEqual([]);
    expect(ids(['entropy-images'])).toEqual(['entropy-images-seeds2']);
  });

  it('trains and attacks every λ and every rate of the plain net on every seed, and concludes', async () => {
    const found = await entropyImages(
      tf,
      2,
      {
        ...entropyImagesSize,
        side: 8,
        classes: 3,
        noise: 0.1,
        rows: 256,
        attacked: 9,
        epochs: 1,
        net: { filters: [2, 2], width: 4 },
        strengths: entropyImagesSize.strengths,
        learningRates: entropyImagesSize.learningRates,
        epsilons: entropyImagesSize.epsilons,
      },
      () => undefined,
    );
    const { shape } = scalingLawStudy.plan({ ...options, only: ['entropy-images'] }).cells![0]!;
    expectShaped(shape, found, ['', '*', '*/*/attacks']);
    expect(found[0]!.map(({ lambda, learningRate }) => [lambda, learningRate])).toEqual([
      ...entropyImagesSize.strengths.map((lambda) => [lambda, entropyImagesSize.learningRates[0]]),
      ...entropyImagesSize.learningRates.map((rate) => [0, rate]),
    ]);
    const { claims, tables } = scalingLawStudy.conclude(
      { ...options, only: ['entropy-images'] },
      new Map(),
      new Map([['entropy-images-seeds2', found]]),
    );
    expect(claims.map(({ claim }) => claim)).toContainEqual(expect.stringMatching(/more robust to black-box transfer/));
    expect(tables).toHaveLength(entropyImagesSize.epsilons.length);
  }, 120_000);
});
