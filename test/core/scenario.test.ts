import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import fc from 'fast-check';
import { DocumentError } from '../../core/document.ts';
import { parseScenario, scenarioFrom, scenarioSchema } from '../../core/scenario.ts';

const schema = scenarioSchema({
  attacks: {
    pgd: { title: 'PGD', config: z.strictObject({ steps: z.int().min(1).max(10_000).default(100) }) },
    bifurcation: {
      title: 'Bifurcation',
      config: z.strictObject({ steps: z.int().min(1).default(100), restarts: z.int().min(1).default(1) }),
    },
  },
  threat: z.strictObject({ epsilon: z.number().min(0).max(1).default(0.05) }),
  detectors: { ewma: { title: 'EWMA', config: z.strictObject({ weight: z.number().default(0.1) }) } },
  modules: { amu: { title: 'AMU', config: z.strictObject({ alpha: z.number().min(0).default(0.5) }) } },
  learners: {
    ppo: {
      title: 'PPO',
      config: z
        .strictObject({
          learning_rate: z.number().positive().default(3e-4),
          rollout: z.int().default(8),
          batch: z.int().default(8),
        })
        .refine((config) => config.rollout >= config.batch, { path: ['rollout'], error: 'is smaller than batch' }),
    },
    sac: { title: 'SAC', config: z.strictObject({ tau: z.number().default(0.005) }) },
  },
  environments: { district: { preset: 'district' }, 'cart-pole': { preset: 'sb3' } },
  tasks: { dispatch: { title: 'Dispatch', config: z.strictObject({ mw: z.number().default(1) }) } },
  earlyStop: z.strictObject({ min_evals: z.int().default(0) }),
  adversary: z.strictObject({}),
  atla: z.strictObject({}),
  presets: {
    district: { ppo: { config: { rollout: 256, batch: 200 } }, sac: { config: {} } },
    sb3: { ppo: { config: {} }, sac: { config: {} } },
  },
  profiles: ['v2.0'],
  defects: ['last-hour-idle'],
  rewards: ['RewardFunction', 'SolarPenaltyReward'],
  normalisations: ['citylearn-2.0.0', 'fixed'],
  voltVarCurves: ['ieee1547-b'],
  sheddingSchemes: ['ce'],
  tripRules: ['thermal'],
});

/** [what is wrong, text, the message's place and words] */
const damaged: readonly (readonly [string, string, string])[] = [
  ['an unknown key', 'name: x\nsede: 3\n', "s.yaml:2:1 /sede: unknown key 'sede'; did you mean 'seed'?"],
  ['a negative seed', 'seed: -1', 's.yaml:1:7 /seed: Too small: expected number to be >=0 (got -1)'],
  ['a fractional seed', 'seed: 1.5', 's.yaml:1:7 /seed: Invalid input: expected int, received number (got 1.5)'],
  [
    'a word for a number',
    'seed: seven',
    's.yaml:1:7 /seed: Invalid input: expected number, received string (got "seven")',
  ],
  [
    'an unknown attack',
    'attacks:\n  - name: bifurcaton\n',
    "s.yaml:2:11 /attacks/0/name: unknown name 'bifurcaton'; did you mean 'bifurcation'? Known: pgd, bifurcation",
  ],
  ['an attack without a name', 'attacks:\n  - label: a\n', 's.yaml:2:5 /attacks/0/name: unknown name'],
  [
    'an epsilon beyond the box',
    'attacks:\n  - name: pgd\n    threat: {epsilon: 2}',
    's.yaml:3:23 /attacks/0/threat/epsilon: Too big: expected number to be <=1 (got 2)',
  ],
  [
    'a misspelt attack option',
    'attacks:\n  - name: pgd\n    config: {stps: 4}',
    "s.yaml:3:14 /attacks/0/config/stps: unknown key 'stps'; did you mean 'steps'?",
  ],
  ['an empty panel', 'attacks: []', 's.yaml:1:10 /attacks: Too small'],
  [
    'two attacks of one label',
    'attacks: [{name: pgd}, {name: pgd}]',
    's.yaml:1:10 /attacks: two attacks have the same label',
  ],
  ['the reserved label', 'attacks: [{name: pgd, label: clean}]', 's.yaml:1:10 /attacks: the label `clean` belongs to'],
  ['an unknown profile', 'district:\n  profile: v9', "s.yaml:2:12 /district/profile: unknown value 'v9' Known: v2.0"],
  [
    'an unknown reward',
    'district:\n  reward: RewardFunctoin',
    "s.yaml:2:11 /district/reward: unknown value 'RewardFunctoin'; did you mean 'RewardFunction'?",
  ],
  [
    'NaN steps',
    'district:\n  steps: .nan',
    's.yaml:2:10 /district/steps: Invalid input: expected number, received NaN',
  ],
  ['no buildings', 'district: {buildings: []}', 's.yaml:1:23 /district/buildings: Too small'],
  [
    'a section that is a number',
    'district: 4',
    's.yaml:1:11 /district: Invalid input: expected object, received number (got 4)',
  ],
  ['a list for a document', '- 1', 's.yaml:1:1 /: Invalid input: expected object, received array'],
  ['broken YAML', 'a: [', 's.yaml:1:5 /: Flow sequence'],
  ['a key twice', 'name: a\nname: b', 's.yaml:2:1 /: Map keys must be unique'],
  [
    'a learner option of another learner',
    'train: {algorithm: ppo, config: {tau: 0.1}}',
    's.yaml:1:34 /train/config/tau: unknown key',
  ],
  [
    'an infinite pace',
    'live: {stepsPerSecond: .inf}',
    's.yaml:1:24 /live/stepsPerSecond: Invalid input: expected number, received Infinity',
  ],
  [
    'an alias bomb',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replace(/./g, (c, i: number) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]!}`).join(',')}]\n`)}`,
    's.yaml:1:1 /: Excessive alias count',
  ],
];

describe('scenario', () => {
  it.each(damaged)('names the place of %s', (_what, text, message) => {
    let error: unknown;
    try {
      parseScenario(text, 's.yaml', schema);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(DocumentError);
    expect((error as Error).message).toContain(message);
  });

  it('an empty document takes every default', () => {
    expect(parseScenario('', 's.yaml', schema)).toEqual(parseScenario('{}', 's.yaml', schema));
    expect(parseScenario('', 's.yaml', schema)).toMatchObject({
      seed: 0,
      district: { dataset: 'builtin', buildings: ['Building_1'], steps: null },
      attacks: [{ name: 'bifurcation', threat: { epsilon: 0.05 }, config: { steps: 100, restarts: 1 } }],
    });
  });

  it('checks a learner’s options together with those of its preset', () => {
    const train = (text: string): unknown => parseScenario(`train: ${text}`, 's.yaml', schema).train;
    expect(train('{config: {learning_rate: 0.1}}')).toMatchObject({
      preset: null, // the district's own, whose batch of 200 it takes a rollout of 256 to allow
      config: { learning_rate: 0.1 },
    });
    expect(() => train('{config: {rollout: 100}}')).toThrow('/train/config/rollout: is smaller than batch');
    expect(() => train('{preset: sb3, config: {rollout: 100}}')).not.toThrow();
    expect(() => train('{preset: sb4}')).toThrow("/train/preset: unknown value 'sb4'; did you mean 'sb3'?");
  });

  it('lists every issue at once', () => {
    expect(() => parseScenario('seed: -1\nnaem: x', 's.yaml', schema)).toThrow(/\/seed.*\n.*\/naem/);
  });

  it('gives JSON pointers where there is no text', () => {
    expect(() => scenarioFrom({ attacks: [{ name: 'pgd', config: { steps: 0 } }] }, 'request', schema)).toThrow(
      'request /attacks/0/config/steps: Too small',
    );
    expect(() => scenarioFrom(JSON.parse('{"__proto__": {"seed": 1}, "constructor": 2}'), 'request', schema)).toThrow(
      DocumentError,
    );
  });

  it.each([
    ['brackets', '['.repeat(200_000)],
    ['some brackets', '['.repeat(500)],
    ['mappings', '{a: '.repeat(300)],
    ['lists in a line', '- '.repeat(2000)],
    ['keys in a line', 'a: '.repeat(2000)],
    ['explicit keys', '? '.repeat(2000)],
    ['indentation', Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('refuses a text nested by %s before anything recurses into it', (_what, text) => {
    // Composing it could exhaust the stack inside of a regular expression's compilation, which ends the process.
    const read = (below: number): unknown =>
      below === 0 ? parseScenario(text, 's.yaml', schema) : [read(below - 1)].length;
    for (const below of [0, 500, 1500]) expect(() => read(below)).toThrow(/^s\.yaml.*: nested deeper than 100 levels$/);
  });

  it('refuses a second document by its line', () => {
    expect(() => parseScenario('name: a\n---\nname: b\n', 's.yaml', schema)).toThrow(
      /^s\.yaml:2:1 \/: more than one document/,
    );
  });

  it('throws nothing but a DocumentError on arbitrary text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string({ unit: fc.constantFrom('a', ':', ' ', '-', '\n', '[', '{', '&', '*', '"', '!') }),
        ),
        (text) => {
          try {
            parseScenario(text, 's.yaml', schema);
          } catch (error) {
            expect(error).toBeInstanceOf(DocumentError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
