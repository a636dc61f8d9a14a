import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { deviceSeed } from '../../../sim/district/device-seed.ts';
import { log } from '../../../sim/district/logarithm.ts';
import { md5Hex } from '../../../sim/district/md5.ts';
import { RandomState } from '../../../sim/district/numpy-random.ts';
import { PythonRandom } from '../../../sim/district/python-random.ts';

/*
 * Drawn with NumPy 2.4.6, `r = numpy.random.RandomState(seed)`, one line after another: random_sample(3), uniform(7, 10, 2), normal(1, .2, 5),
 * exponential(331.2, 3), choice(24, 4), randint(0, 10**8, 3), binomial(1, 1.436/365, 8), binomial(40, .35, 8), binomial(12, .8, 8), random_sample().
 */
const drawn = [
  {
    seed: 0,
    sample: [0.5488135039273248, 0.7151893663724195, 0.6027633760716439],
    uniform: [8.63464954899069, 8.270964398016714],
    normal: [0.8314551892341425, 1.393984889573979, 1.2532237059715556, 0.8988246920478976, 1.5090401556942108],
    exponential: [860.5417757801059, 24.404589547135217, 30.19253284421296],
    choice: [19, 16, 19, 5],
    randint: [65931087, 42384210, 20865123],
    binomialRare: [0, 0, 0, 0, 0, 0, 0, 0],
    binomial: [13, 12, 16, 14, 14, 8, 15, 15],
    binomialOften: [9, 7, 9, 10, 10, 9, 12, 9],
    last: 0.6706378696181594,
  },
  {
    seed: 2023,
    sample: [0.32198830399196776, 0.8904224517894808, 0.5880522554504738],
    uniform: [7.379788280512874, 7.4240236677245575],
    normal: [0.9173045979779083, 0.9944448012727654, 1.0377565116048368, 1.351866973862815, 0.598403463450794],
    exponential: [230.48722627058328, 166.14607640609466, 54.28336924547922],
    choice: [7, 17, 16, 0],
    randint: [76657949, 68682545, 18890161],
    binomialRare: [0, 0, 0, 0, 0, 0, 0, 0],
    binomial: [12, 12, 13, 15, 17, 10, 17, 8],
    binomialOften: [12, 9, 9, 8, 11, 11, 10, 11],
    last: 0.7244218593743461,
  },
  {
    seed: 4294967295,
    sample: [0.0976320289940138, 0.9123828453026218, 0.78903530185164],
    uniform: [9.340010794340403, 7.053819021960235],
    normal: [1.016260733623454, 1.0819370246696332, 1.0631916165303401, 1.0070078329586984, 0.6517138262841584],
    exponential: [66.4415629064884, 897.9034128212543, 575.1586445504406],
    choice: [22, 17, 20, 12],
    randint: [80475930, 79276459, 8510684],
    binomialRare: [0, 0, 0, 0, 0, 0, 0, 0],
    binomial: [10, 13, 17, 14, 16, 15, 7, 9],
    binomialOften: [10, 9, 10, 11, 11, 10, 7, 9],
    last: 0.2216936295814258,
  },
];

function times(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

describe('RandomState', () => {
  it.each(drawn)('draws what NumPy draws from seed $seed', (numpy) => {
    const random = new RandomState(numpy.seed);
    expect(times(3, () => random.randomSample())).toEqual(numpy.sample);
    expect(times(2, () => random.uniform(7, 10))).toEqual(numpy.uniform);
    expect(times(5, () => random.normal(1, 0.2))).toEqual(numpy.normal);
    expect(times(3, () => random.exponential(331.2))).toEqual(numpy.exponential);
    expect(times(4, () => random.choice(24))).toEqual(numpy.choice);
    expect(times(3, () => random.randint(0, 100_000_000))).toEqual(numpy.randint);
    expect(times(8, () => random.binomial(1, 1.436 / 365))).toEqual(numpy.binomialRare);
    expect(times(8, () => random.binomial(40, 0.35))).toEqual(numpy.binomial);
    expect(times(8, () => random.binomial(12, 0.8))).toEqual(numpy.binomialOften);
    expect(random.randomSample()).toBe(numpy.last);
  });

  it('goes on past the state’s length, and takes a list of words as a seed', () => {
    const random = new RandomState(9);
    const samples = times(2000, () => random.randomSample());
    expect([311, 312, 313, 1999].map((at) => samples[at])).toEqual([
      0.7553393239736135, 0.4060595756382931, 0.3152299359637879, 0.586460366709425,
    ]);
    const listed = new RandomState([1, 2, 3]);
    expect(times(3, () => listed.randomSample())).toEqual([
      0.6098612722867289, 0.8866970434146851, 0.47633673750662764,
    ]);
  });

  it('resumes from a saved state, the second normal number included', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(1500), fc.nat(3), (seed, skipped, normals) => {
        const random = new RandomState(seed);
        times(skipped, () => random.randomSample());
        times(normals, () => random.standardNormal());
        const saved = new Float64Array(random.stateSize + 3).fill(7);
        random.save(saved, 2);
        expect([saved[0], saved[1], saved.at(-1)]).toEqual([7, 7, 7]);
        const other = new RandomState(seed ^ 1);
        other.standardNormal();
        other.load(saved, 2);
        expect(times(5, () => other.standardNormal())).toEqual(times(5, () => random.standardNormal()));
      }),
      { numRuns: 40 },
    );
  });

  it('keeps whole numbers in their range and takes every one of them', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 1, max: 20 }),
        (seed, low, count) => {
          const random = new RandomState(seed);
          const values = new Set(times(400, () => random.randint(low, low + count)));
          expect([...values].sort((a, b) => a - b)).toEqual(times(count, () => 0).map((_, i) => low + i));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('refuses what NumPy refuses, and BTPE by name', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 32]) expect(() => new RandomState(seed)).toThrow(ConfigError);
    expect(() => new RandomState([])).toThrow(ConfigError);
    const random = new RandomState(0);
    expect(() => random.randint(3, 3)).toThrow('from 3 below 3');
    expect(() => random.binomial(1, 1.5)).toThrow('binomial(1, 1.5)');
    expect(() => random.binomial(1000, 0.4)).toThrow('BTPE');
  });
});

it('the logarithm is the correctly rounded one', () => {
  // Of 50 digits' arithmetic (Python's decimal), where V8's own Math.log is one bit off in four of them.
  const known: readonly (readonly [number, number])[] = [
    [0.3012676595157123, -1.1997561750963592],
    [0.7141294836112025, -0.336690983488881],
    [0.3949634040007439, -0.928962166472498],
    [0.5842517929701989, -0.5374232367271444],
    [1e-300, -690.7755278982137],
    [1e300, 690.7755278982137],
    [7.0, 1.9459101490553132],
    [0.3, -1.2039728043259361],
    [1.41, 0.34358970439007686],
    [1.42, 0.35065687161316933],
    [100.0, 4.605170185988092],
    [1.0000000000000002, 2.2204460492503128e-16],
    [0.9999999999999999, -1.1102230246251565e-16],
  ];
  for (const [x, ln] of known) expect(log(x)).toBe(ln);
  expect(log(1)).toBe(0);
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(Math.abs(Math.log(x)) * 2 ** -52);
    }),
  );
});

// CPython 3, `random.seed(seed)`: random(), uniform(2, 5), randint(0, 10**8), randint(1, 6), random().
it.each([
  [0, [0.8444218515250481, 4.273863208820908, 56448162, 1, 0.25891675029296335]],
  [1, [0.13436424411240122, 4.542301210811698, 8470054, 3, 0.11791870367106105]],
  [2023, [0.3829219244542088, 4.915586265472347, 52242024, 3, 0.6112145228015313]],
  [4294967301, [0.15727238718789782, 2.8474598949386, 81128446, 1, 0.35506619235705983]],
  [-7, [0.32383276483316237, 2.4525475217735058, 87366946, 1, 0.07243628666754276]],
])('PythonRandom draws what CPython draws from seed %i', (seed, drawnThere) => {
  const random = new PythonRandom(seed);
  expect([
    random.random(),
    random.uniform(2, 5),
    random.randint(0, 1e8),
    random.randint(1, 6),
    random.random(),
  ]).toEqual(drawnThere);
});

it('MD5 of any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 150 }), (text) => {
      expect(md5Hex(text)).toBe(createHash('md5').update(text).digest('hex'));
    }),
  );
});

it('a device’s seed depends on every name as it is written', () => {
  const names = [
    'Building_1',
    'citylearn.citylearn.Building',
    'electrical_storage',
    'citylearn.energy_model.Battery',
  ] as const;
  // Python: hashlib.md5, update() with each name in turn, the sum of int(hexdigest(), 16), times 2023, first 9 digits.
  expect(deviceSeed(...names, 2022)).toBe(135823784);
  for (let at = 0; at < names.length; at++) {
    const other = [...names] as [string, string, string, string];
    other[at] += 'x';
    expect(deviceSeed(...other, 2022)).not.toBe(deviceSeed(...names, 2022));
  }
});
