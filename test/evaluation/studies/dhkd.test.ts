import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lessonsShape, policyShape } from '../../../evaluation/studies/dhkd/cell-shape.ts';
import { UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { armNames } from '../../../evaluation/studies/dhkd/arms.ts';
import type { ArmName } from '../../../evaluation/studies/dhkd/arms.ts';
import { gaussianModes, standardiser } from '../../../evaluation/studies/dhkd/gaussian-modes.ts';
import { imagesRoom, imagesSettings, strokeImages } from '../../../evaluation/studies/dhkd/images.ts';
import { dhkdStudy } from '../../../evaluation/studies/dhkd/index.ts';
import { teach } from '../../../evaluation/studies/dhkd/lesson.ts';
import type { Lesson } from '../../../evaluation/studies/dhkd/lesson.ts';
import { modesRoom } from '../../../evaluation/studies/dhkd/modes.ts';
import { policyLesson, schools } from '../../../evaluation/studies/dhkd/policies.ts';
import { siegeAttacks } from '../../../evaluation/studies/dhkd/policy-siege.ts';
import type { PolicyLesson, Standing } from '../../../evaluation/studies/dhkd/policies.ts';
import type { Claim, StudyOptions } from '../../../evaluation/studies/study.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { expectShaped } from '../../support/cell-value.ts';

describe('Gaussian modes', () => {
  const options = { classes: 4, modes: 3, dimensions: 6, noise: 0.1 };

  it('are balanced, of one problem whatever is drawn, and new in every draw', () => {
    const sample = gaussianModes(options, rng(1));
    const [a, again, other] = [sample(40, rng(2)), sample(40, rng(2)), sample(40, rng(3))];
    expect(a).toEqual(again);
    expect(a.x).not.toEqual(other.x);
    for (let c = 0; c < 4; c++) expect(a.labels.filter((y) => y === c)).toHaveLength(10);
    // With little noise the nearest neighbour in another draw is of the same mode.
    expect(nearestNeighbour(sample(300, rng(4)), sample(100, rng(5)), 6)).toBeGreaterThan(0.98);
    expect(nearestNeighbour(gaussianModes(options, rng(9))(300, rng(4)), sample(100, rng(5)), 6)).toBeLessThan(0.6);
  });

  it('are shown to nets with mean 0 and deviation 1', () => {
    const { x } = gaussianModes(options, rng(1))(400, rng(2));
    standardiser(x, 6)(x);
    for (let d = 0; d < 6; d++) {
      const column = x.filter((_, i) => i % 6 === d);
      const mean = column.reduce((sum, value) => sum + value, 0) / 400;
      expect(mean).toBeCloseTo(0, 5);
      expect(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 400).toBeCloseTo(1, 4);
    }
  });

  it('are harder with more noise', () => {
    const shares = [0.1, 0.8, 3].map((noise) => {
      const sample = gaussianModes({ ...options, noise }, rng(1));
      return nearestNeighbour(sample(400, rng(2)), sample(200, rng(3)), 6);
    });
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
    expect(shares[0]! - shares[2]!).toBeGreaterThan(0.3);
  });
});

describe('images of strokes', () => {
  it('are dark but for strokes of brightness 1, and the noise', () => {
    const { x, labels } = strokeImages(0, rng(1))(60, rng(2));
    expect(Math.max(...x)).toBeLessThanOrEqual(1);
    expect(Math.min(...x)).toBeGreaterThanOrEqual(0);
    const lit = x.filter((value) => value > 0.5).length / x.length;
    expect(lit).toBeGreaterThan(0.1);
    expect(lit).toBeLessThan(0.6);
    expect(new Set(labels).size).toBe(20);
    const noisy = strokeImages(0.5, rng(1))(60, rng(2)).x;
    expect(noisy.some((value) => value < -0.5)).toBe(true);
  });
});

/** Accuracy of the nearest row of another draw. */
function nearestNeighbour(known: { x: Float32Array; labels: Int32Array }, asked: typeof known, d: number): number {
  let right = 0;
  asked.labels.forEach((y, i) => {
    let [best, label] = [Infinity, -1];
    known.labels.forEach((other, j) => {
      let square = 0;
      for (let k = 0; k < d; k++) square += (asked.x[i * d + k]! - known.x[j * d + k]!) ** 2;
      if (square < best) [best, label] = [square, other];
    });
    if (label === y) right++;
  });
  return right / asked.labels.length;
}

const full: StudyOptions = { quick: false, dataset: 'builtin', seeds: 5 };
const accuracies: Readonly<Record<ArmName, number>> = {
  ce: 0.41,
  'binary-kl': 0.35,
  'one-head': 0.38,
  'two-heads': 0.41,
  'norm-one-head': 0.4,
  'norm-two-heads': 0.42,
  dhkd: 0.425,
  'dhkd-shared': 0.424,
  'dhkd-hidden': 0.42,
  'dhkd-half': 0.42,
  kd: 0.46,
  dkd: 0.42,
  dist: 0.4,
};

/** Cells in which every arm has an accuracy on average, the same difference on every seed but for a little. */
function cellsOf(accuracyOf: (arm: ArmName) => number, options: StudyOptions = full): Map<string, unknown> {
  const lessons = (seed: number): Lesson[] =>
    armNames.flatMap((arm) =>
      (arm === 'ce' ? [0] : [0.1, 1]).map((alpha): Lesson => ({
        arm,
        alpha,
        validation: accuracyOf(arm) - (alpha === 0.1 ? 0.2 : 0),
        test: accuracyOf(arm) - (alpha === 0.1 ? 0.3 : 0) + 0.001 * seed,
        agreement: 0.5,
        diverged: arm === 'dist' && alpha === 1,
        conflicts: arm === 'one-head' ? [1, 2, 3].map((at) => ({ at: at / 4, head: -0.1 * seed, backbone: 0.1 })) : [],
        collapse: {
          variability: 1,
          norms: 0.1,
          angles: 0.1,
          duality: arm === 'one-head' ? 0.9 : 0.5,
          disagreement: 0.2,
        },
      })),
    );
  const standing = (attackSuccess: number, seed: number): Standing => ({
    attackSuccess: attackSuccess + 0.01 * seed,
    return: -90,
    sieges: siegeAttacks.map((attack, i) => ({ attack, success: 0.5, regret: 100 * attackSuccess + seed - i })),
  });
  const policies = (seed: number): PolicyLesson => ({
    plain: standing(0.5, seed),
    hardened: { ...standing(0.3, 2 * seed), agreement: 0.8, r2Q: 0.9 },
    apprentices: schools.flatMap((school) =>
      (['ce', 'kd', 'dhkd'] as const).map((arm) => ({
        arm,
        ...school,
        ...standing(
          school.hardened ? 0.2 : 0.4 - (school.teacher === 'hardened' ? 0.1 : 0),
          (school.hardened ? 2 : 1) * seed,
        ),
        agreement: 0.9,
        r2Q: 0.5,
        r2V: arm === 'dhkd' ? 0.9 + 0.01 * seed : -3,
        r2VFitted: arm === 'dhkd' ? 0.95 : 0.9,
      })),
    ),
  });
  const kept = dhkdStudy.plan(options).cells!.filter(({ id }) => !/variants|tuned/.test(id));
  return new Map(
    kept.map(({ id }) => {
      const seed = Number(/seed(\d+)/.exec(id)![1]);
      return [id, id.startsWith('policies') ? policies(seed) : { teacher: 0.52, lessons: lessons(seed) }];
    }),
  );
}

const verdicts = (claims: readonly Claim[]): (boolean | null)[] => claims.map(({ holds }) => holds);

describe('the verdict', () => {
  it('is the prototypes’ where the figures are: degradation, repair, and KD ahead', () => {
    const { claims, tables, figures } = dhkdStudy.conclude(
      full,
      new Map(),
      cellsOf((arm) => accuracies[arm]),
    );
    const of = (part: string): boolean | null => claims.find(({ claim }) => claim.includes(part))!.holds;
    for (const claim of claims.slice(0, 8)) expect([claim.claim, claim.holds]).toEqual([claim.claim, true]);
    expect(of('better than KD on Gaussian modes (base)')).toBe(false);
    expect(of('better than DKD on Gaussian modes (base)')).toBe(true);
    for (const part of [
      'recovers the value',
      'best shift and scale',
      'hardened teacher withstands',
      'Hardened, a student by DHKD withstands',
      'Of a hardened teacher, a student by KD',
      'Hardened, a student by KD loses less',
      'better than its teacher',
      'less in the closed loop than its teacher',
    ])
      expect([part, of(part)]).toEqual([part, true]);
    const siege = tables.find(({ title }) => title.includes('closed loop'))!;
    expect(siege.rows.map(([title]) => title).slice(0, 4)).toEqual([
      'DQN, the teacher',
      'hardened teacher',
      'CE',
      'KD',
    ]);
    expect(siege.rows[0]!.at(-1)).toContain('+52.0');
    const accuracy = tables.find(({ title }) => title === 'Accuracy on Gaussian modes (base)')!;
    expect(accuracy.rows.find(([title]) => title === 'KD')!.slice(3, 5)).toEqual([
      1,
      expect.stringContaining('+0.462'),
    ]);
    expect(accuracy.rows.find(([title]) => title === 'DIST')!.at(-1)).toBe('5 of 10');
    expect(figures.map(({ title }) => title)).toEqual([
      'How far the two gradients agree',
      'Accuracy by the weight of the imitation',
    ]);
  });

  it('does not hold where all do the other way, and is open where nothing was measured', () => {
    const { claims } = dhkdStudy.conclude(
      full,
      new Map(),
      cellsOf((arm) => 0.5 - accuracies[arm]),
    );
    for (const claim of claims.slice(0, 4)) expect([claim.claim, claim.holds]).toEqual([claim.claim, false]);
    const nothing = dhkdStudy.conclude(full, new Map(), new Map());
    expect(new Set(verdicts(nothing.claims))).toEqual(new Set([null]));
  });

  it('puts a problem together of its cells', () => {
    const cells = cellsOf((arm) => accuracies[arm]);
    const of = (id: string): { teacher: number; lessons: Lesson[] } => cells.get(id) as never;
    for (let seed = 0; seed < 5; seed++) {
      const all = of(`modes-base-seed${seed}`);
      const [here, there] = [true, false].map((own) =>
        all.lessons.filter(({ arm, alpha }) => (arm !== 'kd' || alpha === 1) === own),
      );
      cells.set(`modes-base-seed${seed}`, { ...all, lessons: here });
      cells.set(`modes-tuned-seed${seed}`, { ...all, lessons: there });
    }
    const whole = dhkdStudy.conclude(full, new Map(), cells);
    expect(whole.tables[0]).toEqual(
      dhkdStudy.conclude(
        full,
        new Map(),
        cellsOf((arm) => accuracies[arm]),
      ).tables[0],
    );
  });

  it('chooses weights on validation rows: test rows have no say', () => {
    const cells = cellsOf((arm) => accuracies[arm]);
    const lessons = (cells.get('modes-base-seed0') as { lessons: { arm: string; alpha: number; validation: number }[] })
      .lessons;
    for (const lesson of lessons) if (lesson.arm === 'kd' && lesson.alpha === 0.1) lesson.validation = 9;
    const { tables } = dhkdStudy.conclude(full, new Map(), cells);
    expect(tables[0]!.rows.find(([title]) => title === 'KD')![3]).toBe(0.1);
  });
});

describe('the range of difficulty, done alone', () => {
  it('has its own claims and tables, and none of the base problem', () => {
    const range: StudyOptions = { ...full, only: ['difficulty'] };
    const { claims, tables } = dhkdStudy.conclude(
      range,
      new Map(),
      cellsOf((arm) => accuracies[arm], range),
    );
    expect(claims.filter(({ claim }) => !/easy|hard|init|fast|rate of 0.05/.test(claim))).toEqual([]);
    expect(
      claims.filter(({ claim }) => claim.startsWith('A second head repairs it')).map(({ holds }) => holds),
    ).toEqual(Array(4).fill(true));
    expect(tables.map(({ title }) => title)).toEqual(
      [
        'Gaussian modes (easy)',
        'Gaussian modes (hard)',
        'Gaussian modes (published-init)',
        'Gaussian modes (torch-init)',
        'Gaussian modes (fast)',
        'images (easy)',
        'images (hard)',
      ].map((name) => `Accuracy on ${name}`),
    );
  });
});

describe('the plan', () => {
  it('has a cell a problem and seed; the quick one less', () => {
    const ids = (options: StudyOptions): string[] => dhkdStudy.plan(options).cells!.map(({ id }) => id);
    expect(ids(full)).toHaveLength(5 * (8 + 5 + 1 + 1));
    expect(new Set(ids(full)).size).toBe(75);
    // What the first claims rest on comes first.
    expect(ids(full)[0]).toBe('modes-base-seed0');
    expect(ids(full)[10]).toBe('policies-seed0');
    expect(ids({ ...full, quick: true, seeds: 2 })).toEqual(
      ['modes-base', 'images-base', 'policies'].flatMap((part) => [0, 1].map((seed) => `${part}-seed${seed}`)),
    );
    expect(ids({ ...full, only: ['policies'], seeds: 1 })).toEqual(['policies-seed0']);
    // The range of difficulty can be done alone: what it adds to the base problems, and nothing of them.
    const range = ['modes-easy', 'modes-hard', 'modes-published-init', 'modes-torch-init', 'modes-fast'];
    expect(ids({ ...full, only: ['difficulty'], seeds: 1 })).toEqual(
      [...range, 'images-easy', 'images-hard'].map((name) => `${name}-seed0`),
    );
    expect(
      ids({ ...full, only: ['modes', 'images'], seeds: 1 }).filter((id) => /easy|hard|init|fast/.test(id)),
    ).toEqual([]);
    expect(ids({ ...full, quick: true, only: ['difficulty'] })).toEqual([]);
    expect(() => ids({ ...full, only: ['mode'] })).toThrow(UnknownNameError);
  });
});

describe('a lesson', () => {
  let backend: SelectedBackend;
  beforeAll(async () => {
    backend = await selectBackend({ force: 'wasm' });
  });
  afterAll(() => backend[Symbol.dispose]());

  it('teaches dense students in every way that it is asked for, and leaves no tensor', async () => {
    const setting = {
      noise: 0.3,
      rows: 200,
      epochs: 2,
      learningRate: 0.02,
      arms: ['ce', 'dhkd'] as const,
      teacher: [16],
      student: [8],
      drawn: { backbone: 'kaiming', heads: 'torch-linear' } as const,
      alphas: [1],
    };
    const before = backend.tf.memory().numTensors;
    const taught = await teach(backend.tf, modesRoom(setting, 0), rng(0));
    const { lessons } = taught;
    expectShaped(lessonsShape, taught);
    expect(backend.tf.memory().numTensors).toBe(before);
    expect(lessons.map(({ arm, alpha }) => [arm, alpha])).toEqual([
      ['ce', 0],
      ['dhkd', 1],
    ]);
    expect(lessons[0]!.conflicts).toHaveLength(0);
    expect(lessons[1]!.conflicts.length).toBeGreaterThan(3);
    expect(JSON.parse(JSON.stringify(lessons))).toEqual(lessons);
  });

  it('teaches convolutional students', async () => {
    const { validation, ...room } = imagesRoom(
      backend.tf,
      { ...imagesSettings.quick, noise: 0.1, rows: 100, epochs: 1 },
      0,
    );
    const few = { x: validation.x.subarray(0, 144 * 100), labels: validation.labels.subarray(0, 100) };
    const taught = await teach(backend.tf, { ...room, arms: ['dhkd'], validation: few, test: few }, rng(0));
    const { lessons } = taught;
    expectShaped(lessonsShape, taught);
    expect(lessons[0]!.test).toBe(lessons[0]!.validation);
    expect(lessons[0]!.collapse!.variability).toBeGreaterThan(0);
    expect(lessons[0]!.diverged).toBe(false);
  });

  it('trains a policy, students of it, and attacks them', async () => {
    const tiny = {
      steps: 400,
      teacher: [16],
      hardened: [8],
      student: [8],
      epochs: 1,
      episode: 840,
      attacked: 20,
      siege: 24,
    };
    const lesson = await policyLesson(backend.tf, tiny, 0);
    const { plain, hardened, apprentices } = lesson;
    expectShaped(policyShape, lesson, ['plain/sieges', 'hardened/sieges', 'apprentices', 'apprentices/*/sieges']);
    expect(apprentices).toHaveLength(9);
    expect(plain.return).toBeLessThan(0);
    for (const { attackSuccess, sieges } of [plain, hardened, ...apprentices]) {
      expect(sieges.map(({ attack }) => attack)).toEqual([...siegeAttacks]);
      for (const share of [attackSuccess, ...sieges.map(({ success }) => success)]) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }
    }
    for (const { agreement, r2V, r2VFitted } of apprentices) {
      expect(agreement).toBeLessThanOrEqual(1);
      expect(r2V).toBeLessThanOrEqual(1);
      // No shift and scale are better than the best.
      expect(r2VFitted).toBeGreaterThanOrEqual(r2V - 1e-6);
    }
  });
});
