import { exceeds, meanText } from '../seeds.ts';
import type { Cell, Claim, StudyOptions, StudyTable } from '../study.ts';
import { arms } from './arms.ts';
import { partsOf, policyCellId } from './plan.ts';
import { policyArms } from './policies.ts';
import type { Apprentice, PolicyLesson } from './policies.ts';

/** Of students of a policy: what the second head keeps, and what hardening gives. */
export function policyClaims(options: StudyOptions, cells: ReadonlyMap<string, unknown>): Claim[] {
  if (!partsOf(options).includes('policies')) return [];
  const lessons = lessonsOf(options, cells);
  const of = (
    arm: Apprentice['arm'],
    hardened: boolean,
    figure: keyof Omit<Apprentice, 'arm' | 'hardened'>,
  ): number[] =>
    lessons.map(({ apprentices }) => apprentices.find((a) => a.arm === arm && a.hardened === hardened)![figure]);
  const less = (a: readonly number[], b: readonly number[]): number[] => a.map((value, seed) => value - b[seed]!);
  return [
    exceeds(
      'The auxiliary head recovers the value V(s) of a DQN teacher',
      of('dhkd', false, 'r2V'),
      0.8,
      'R² on held-out weeks',
    ),
    exceeds(
      'A student by KD does not: softmax has no level',
      less(of('dhkd', false, 'r2V'), of('kd', false, 'r2V')),
      0,
      'R² of the auxiliary head less that of KD’s only one',
    ),
    exceeds(
      'A student by DHKD decides as its teacher as often as one by KD, within 0.01',
      less(of('dhkd', false, 'agreement'), of('kd', false, 'agreement')),
      -0.01,
      'agreement of DHKD less that of KD on held-out weeks',
    ),
    ...(['kd', 'dhkd'] as const).map((arm) =>
      exceeds(
        `Hardened, a student by ${arms[arm].title.split(':')[0]!} withstands the attack better`,
        less(of(arm, false, 'attackSuccess'), of(arm, true, 'attackSuccess')),
        0,
        'attack success on the plain student less that on the hardened one',
      ),
    ),
    exceeds(
      'The hardened student by DHKD withstands the attack better than its teacher',
      less(
        lessons.map(({ teacher }) => teacher.attackSuccess),
        of('dhkd', true, 'attackSuccess'),
      ),
      0,
      'attack success on the teacher less that on the student',
    ),
  ];
}

export function policyTables(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyTable[] {
  if (!partsOf(options).includes('policies')) return [];
  const lessons = lessonsOf(options, cells);
  const row = (title: string, figures: readonly (readonly number[])[]): Cell[] => [
    title,
    ...figures.map((values) => meanText(values, 3)),
  ];
  return [
    {
      title: 'Students of a DQN on Building_1 of the built-in district',
      columns: ['policy', 'attack success', 'return', 'decides as the teacher', 'R² of Q', 'R² of V'],
      rows: [
        [
          ...row('teacher', [
            lessons.map(({ teacher }) => teacher.attackSuccess),
            lessons.map(({ teacher }) => teacher.return),
          ]),
          null,
          null,
          null,
        ],
        ...[false, true].flatMap((hardened) =>
          policyArms.map((arm) => {
            const own = lessons.flatMap(({ apprentices }) =>
              apprentices.filter((a) => a.arm === arm && a.hardened === hardened),
            );
            return row(`${arms[arm].title.split(':')[0]!}${hardened ? ', hardened' : ''}`, [
              own.map((a) => a.attackSuccess),
              own.map((a) => a.return),
              own.map((a) => a.agreement),
              own.map((a) => a.r2Q),
              own.map((a) => a.r2V),
            ]);
          }),
        ),
      ],
      note:
        'PGD within 0.03 of every feature but the calendar, 20 steps: the share of decisions that it changes. Hardened: inputs of the training were attacked on the way (5 steps), the teacher’s ' +
        'logits are those of the clean ones. R²: logits of the head that imitates beside (Q − mean)/τ.',
    },
  ];
}

function lessonsOf({ seeds }: StudyOptions, cells: ReadonlyMap<string, unknown>): PolicyLesson[] {
  return Array.from({ length: seeds }, (_, seed) => cells.get(policyCellId(seed)) as PolicyLesson | undefined).filter(
    (lesson) => lesson !== undefined,
  );
}
