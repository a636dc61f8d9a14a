import { z } from 'zod';
import { irepo } from '../../../logits/preference/align.ts';
import { figure, listOf, name, shapeOf } from '../json-shape.ts';
import type { BanditFigures, BanditSize } from './bandit-cell.ts';
import type { Worth } from './bandit-measure.ts';
import { contestantNames } from './contest.ts';
import type { ContestFigures, ContestSize, ContestWorth } from './contest.ts';
import type { ScheduleWorth } from './controller.ts';
import type { SentenceWorth } from './language.ts';
import { methods } from './methods.ts';
import type { ScaleFigures } from './scale-cell.ts';
import { concerns } from './schedule.ts';

const worth = shapeOf<Worth>()(z.strictObject({ utility: figure, kl: figure, j: figure, tv: figure }));
const result = worth.extend({ slope: figure, correlation: figure });

/** What a cell of a bandit returns: every course with its iterations, and every method as it was chosen. */
export function banditShape({ courses, grid }: BanditSize): z.ZodType {
  const course = z.strictObject({ name, iterations: z.array(result) });
  const chosen = z.strictObject({
    method: z.enum(methods),
    ownBeta: z.boolean(),
    rate: figure,
    stop: figure,
    beta: figure,
    result,
  });
  const walked = (one: string, iterations: number): string => `${one}, ${iterations} iterations`;
  return shapeOf<BanditFigures>()(
    z.strictObject({
      optimum: figure,
      reference: worth,
      courses: listOf(
        course,
        courses.map(({ name: one, options }) => walked(one, options.iterations ?? irepo.iterations)),
        ({ name: one, iterations }) => walked(one, iterations.length),
      ),
      chosen: listOf(
        chosen,
        methods.flatMap((method) => [method, ...(grid.betas.length > 1 ? [`${method}, own β`] : [])]),
        ({ method, ownBeta }) => `${method}${ownBeta ? ', own β' : ''}`,
      ),
    }),
  );
}

/** What a cell of the larger bandit returns. */
export const scaleShape = shapeOf<ScaleFigures>()(z.strictObject({ optimum: figure, irepo: figure, softDpo: figure }));

const scheduleWorth = shapeOf<ScheduleWorth>()(
  z.strictObject({ disutility: figure, kl: figure, j: figure, burden: z.array(figure).length(concerns.length) }),
);
const sentenceWorth = shapeOf<SentenceWorth>()(
  z.strictObject({ utility: figure, kl: figure, j: figure, orders: figure }),
);

/** What the cells of the two contests return: everyone at every rate, after every iteration. */
export const controllerShape = (size: ContestSize): z.ZodType =>
  shapeOf<ContestFigures<ScheduleWorth>>()(contestShape(scheduleWorth, size));
export const languageShape = (size: ContestSize): z.ZodType =>
  shapeOf<ContestFigures<SentenceWorth>>()(contestShape(sentenceWorth, size));

function contestShape<W extends z.ZodType<InJsonWorth>>(test: W, { names, rates, options }: ContestSize) {
  const trial = z.strictObject({
    name: z.enum(contestantNames),
    rate: figure,
    iterations: z.array(z.strictObject({ validation: figure, test })).length(options.iterations),
  });
  return z.strictObject({
    reference: test,
    trials: listOf(
      trial,
      names.flatMap((one) => rates.map((rate) => `${one} ${rate}`)),
      (one) => `${one.name} ${one.rate}`,
    ),
  });
}
type InJsonWorth = { readonly [K in keyof ContestWorth]: number | null };
