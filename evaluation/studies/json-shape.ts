import { z } from 'zod';

/** A figure: null stands in JSON for what is no number. */
export const figure = z.number().nullable();
/** How many; there is always a number of them. */
export const count = z.int().min(0);
/** What a row is found by. */
export const name = z.string().max(200);

/** `T` as JSON has it: null stands for what is no number, and nothing is read-only or left out. */
type InJson<T> = T extends number
  ? number extends T
    ? number | null
    : T
  : T extends string | boolean | null
    ? T
    : { -readonly [K in keyof T]-?: InJson<T[K]> };

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Takes a shape of all that a `T` has, and of nothing else: where the type is changed and the shape is not, or the other way about, it does not compile. */
export function shapeOf<T>(): <S extends z.ZodType>(
  shape: S & (Same<InJson<z.output<S>>, InJson<T>> extends true ? unknown : never),
) => S {
  return (shape) => shape;
}

/**
 * A list that a plan fixes: one value for each of these names, in their order.
 * @param nameOf what a value calls itself
 */
export function listOf<S extends z.ZodType>(
  value: S,
  names: readonly string[],
  nameOf: (value: z.output<S>) => string,
): z.ZodArray<S> {
  return z
    .array(value)
    .length(names.length)
    .superRefine((values, context) => {
      if (values.length !== names.length) return; // which is said already
      for (const [at, expected] of names.entries()) {
        const got = nameOf(values[at]!);
        if (got !== expected)
          context.addIssue({ code: 'custom', path: [at], message: `'${got.slice(0, 80)}', expected '${expected}'` });
      }
    });
}
