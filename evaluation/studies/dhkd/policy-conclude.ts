import { exceeds, meanText } from '../seeds.ts';
import type { Cell, Claim, StudyOptions, StudyTable } from '../study.ts';
import { arms } from './arms.ts';
import { partsOf, policyCellId } from './plan.ts';
import { policyArms, schools } from './policies.ts';
import type { Apprentice, PolicyLesson, Standing } from './policies.ts';
import { siegeAttacks } from './policy-siege.ts';

type Arm = Apprentice['arm'];
type School = (typeof schools)[number];

const [ofPlain, hardenedOfPlain, ofHardened] = schools;

/** Of students of a policy: what the second head keeps, and what hardening gives. */
export function policyClaims(options: StudyOptions, cells: ReadonlyMap<string, unknown>): Claim[] {
  if (!partsOf(options).includes('policies')) return [];
  const lessons = lessonsOf(options, cells);
  const of = (arm: Arm, school: School, figure: (a: Apprentice) => number): number[] =>
    lessons.map(({ apprentices }) => figure(find(apprentices, arm, school)));
  const less = (a: readonly number[], b: readonly number[]): number[] => a.map((value, seed) => value - b[seed]!);
  const success = ({ attackSuccess }: Standing): number => attackSuccess;
  const plainSuccess = lessons.map(({ plain }) => success(plain));
  return [
    exceeds(
      'The auxiliary head recovers the value V(s) of a DQN teacher',
      of('dhkd', ofPlain, (a) => a.r2V),
      0.8,
      'R² on held-out weeks',
    ),
    exceeds(
      'A student by KD does not: softmax has no level',
      less(
        of('dhkd', ofPlain, (a) => a.r2V),
        of('kd', ofPlain, (a) => a.r2V),
      ),
      0,
      'R² of the auxiliary head less that of KD’s only one',
    ),
    exceeds(
      'It does not either with the best shift and scale of its logits',
      less(
        of('dhkd', ofPlain, (a) => a.r2VFitted),
        of('kd', ofPlain, (a) => a.r2VFitted),
      ),
      0,
      'r² of the auxiliary head less that of KD’s only one',
    ),
    exceeds(
      'A student by DHKD decides as its teacher as often as one by KD, within 0.01',
      less(
        of('dhkd', ofPlain, (a) => a.agreement),
        of('kd', ofPlain, (a) => a.agreement),
      ),
      -0.01,
      'agreement of DHKD less that of KD on held-out weeks',
    ),
    exceeds(
      'The hardened teacher withstands the attack better than the DQN',
      less(
        plainSuccess,
        lessons.map(({ hardened }) => success(hardened)),
      ),
      0,
      'attack success on the DQN less that on the hardened teacher',
    ),
    ...(['kd', 'dhkd'] as const).flatMap((arm) => [
      exceeds(
        `Hardened, a student by ${titleOf(arm)} withstands the attack better`,
        less(of(arm, ofPlain, success), of(arm, hardenedOfPlain, success)),
        0,
        'attack success on the plain student less that on the hardened one',
      ),
      exceeds(
        `Of a hardened teacher, a student by ${titleOf(arm)} withstands the attack better`,
        less(of(arm, ofPlain, success), of(arm, ofHardened, success)),
        0,
        'attack success on the DQN’s student less that on the hardened teacher’s',
      ),
      exceeds(
        `Hardened, a student by ${titleOf(arm)} loses less in the closed loop`,
        less(of(arm, ofPlain, worst), of(arm, hardenedOfPlain, worst)),
        0,
        'largest regret of the plain student less that of the hardened one',
      ),
    ]),
    exceeds(
      'The hardened student by DHKD withstands the attack better than its teacher',
      less(plainSuccess, of('dhkd', hardenedOfPlain, success)),
      0,
      'attack success on the teacher less that on the student',
    ),
    exceeds(
      'The hardened student by DHKD loses less in the closed loop than its teacher',
      less(
        lessons.map(({ plain }) => worst(plain)),
        of('dhkd', hardenedOfPlain, worst),
      ),
      0,
      'largest regret of the teacher less that of the student',
    ),
  ];
}

export function policyTables(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyTable[] {
  if (!partsOf(options).includes('policies')) return [];
  const lessons = lessonsOf(options, cells);
  const all: { readonly title: string; readonly own: readonly (Standing & Partial<Apprentice>)[] }[] = [
    { title: 'DQN, the teacher', own: lessons.map(({ plain }) => plain) },
    { title: 'hardened teacher', own: lessons.map(({ hardened }) => hardened) },
    ...schools.flatMap((school) =>
      policyArms.map((arm) => ({
        title: `${titleOf(arm)}${schoolTitle(school)}`,
        own: lessons.map(({ apprentices }) => find(apprentices, arm, school)),
      })),
    ),
  ];
  const text = (values: readonly (number | undefined)[], digits: number): Cell =>
    values.includes(undefined) ? null : meanText(values as readonly number[], digits);
  return [
    {
      title: 'Students of a DQN on Building_1 of the built-in district',
      columns: [
        'policy',
        'attack success',
        'decides as the teacher',
        'R² of Q',
        'R² of V',
        'the same, fitted',
        'return',
      ],
      rows: all.map(({ title, own }): Cell[] => [
        title,
        text(own.map(success), 3),
        ...(['agreement', 'r2Q', 'r2V', 'r2VFitted'] as const).map((figure) =>
          text(
            own.map((a) => a[figure]),
            3,
          ),
        ),
        text(
          own.map((a) => a.return),
          0,
        ),
      ]),
      note:
        'PGD within 0.03 of every feature but the calendar, 20 steps: the share of held-out decisions that it changes. Hardened: inputs of the training were attacked on the way (5 steps), the ' +
        'teacher’s logits are those of the clean ones. R²: logits of the head that imitates beside (Q − mean)/τ of its teacher; fitted: with the best shift and scale. The hardened teacher is beside the DQN.',
    },
    {
      title: 'The same policies attacked in the closed loop',
      columns: [
        'policy',
        ...siegeAttacks.flatMap((attack) => [`${attack}: success`, `${attack}: regret`]),
        'largest regret',
      ],
      rows: all.map(({ title, own }): Cell[] => [
        title,
        ...siegeAttacks.flatMap((attack) => {
          const sieges = own.map((a) => a.sieges.find((siege) => siege.attack === attack)!);
          return [
            text(
              sieges.map((siege) => siege.success),
              3,
            ),
            text(
              sieges.map((siege) => siege.regret),
              1,
            ),
          ];
        }),
        text(own.map(worst), 1),
      ]),
      note: 'The attack engine hour by hour, within the same threat, 20 steps each. Regret: return without the attack less the return under it.',
    },
  ];

  function success({ attackSuccess }: Standing): number {
    return attackSuccess;
  }
}

const worst = ({ sieges }: Standing): number => Math.max(...sieges.map(({ regret }) => regret));

function find(apprentices: readonly Apprentice[], arm: Arm, { teacher, hardened }: School): Apprentice {
  return apprentices.find((a) => a.arm === arm && a.teacher === teacher && a.hardened === hardened)!;
}

const titleOf = (arm: Arm): string => arms[arm].title.split(':')[0]!;

function schoolTitle({ teacher, hardened }: School): string {
  if (hardened) return ', hardened';
  return teacher === 'hardened' ? ', of the hardened teacher' : '';
}

function lessonsOf({ seeds }: StudyOptions, cells: ReadonlyMap<string, unknown>): PolicyLesson[] {
  return Array.from({ length: seeds }, (_, seed) => cells.get(policyCellId(seed)) as PolicyLesson | undefined).filter(
    (lesson) => lesson !== undefined,
  );
}
