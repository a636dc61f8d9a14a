/* The operations of reward expressions, each as the JavaScript that computes it: a program of them becomes one function. */

/**
 * Whether two numbers count as equal: within 1e-12 of the larger one, or 1e-15, as mathjs compares. A price that a file rounds to float32 is
 * not equal to its decimal.
 */
function near(a: number, b: number): boolean {
  if (a === b) return true;
  const difference = Math.abs(a - b);
  return difference < Infinity && difference <= Math.max(1e-12 * Math.max(Math.abs(a), Math.abs(b)), 1e-15);
}

/** `x` rounded by `whole`, unless it is the nearest integer but for rounding errors. */
function rounded(x: number, whole: number): number {
  const nearest = Math.round(x);
  return nearest !== whole && near(x, nearest) && !near(x, whole) ? nearest : whole;
}

function remainder(a: number, b: number): number {
  return b === 0 ? a : a - b * Math.floor(a / b);
}

function power(a: number, b: number): number {
  return (a * a < 1 && b === Infinity) || (a * a > 1 && b === -Infinity) ? 0 : a ** b;
}

function logarithm(a: number, base: number): number {
  return truth(base) ? Math.log(a) / Math.log(base) : Math.log(a);
}

function truth(a: number): boolean {
  return a !== 0 && a === a;
}

/** What the generated code may call. */
const helpers = { near, rounded, remainder, power, logarithm, truth } as const;

/** Code of each operation from that of its operands; true is 1, false 0, and 0 and NaN count as false. */
export const operations = {
  add: (a, b) => `${a} + ${b}`,
  subtract: (a, b) => `${a} - ${b}`,
  multiply: (a, b) => `${a} * ${b}`,
  divide: (a, b) => `${a} / ${b}`,
  mod: (a, b) => `remainder(${a}, ${b})`,
  pow: (a, b) => `power(${a}, ${b})`,
  negate: (a) => `-${a}`,
  min: (a, b) => `Math.min(${a}, ${b})`,
  max: (a, b) => `Math.max(${a}, ${b})`,
  abs: (a) => `Math.abs(${a})`,
  sign: (a) => `Math.sign(${a})`,
  exp: (a) => `Math.exp(${a})`,
  log: (a) => `Math.log(${a})`,
  logBase: (a, b) => `logarithm(${a}, ${b})`,
  sqrt: (a) => `Math.sqrt(${a})`,
  floor: (a) => `rounded(${a}, Math.floor(${a}))`,
  ceil: (a) => `rounded(${a}, Math.ceil(${a}))`,
  smaller: (a, b) => `${a} < ${b} && !near(${a}, ${b}) ? 1 : 0`,
  larger: (a, b) => `${a} > ${b} && !near(${a}, ${b}) ? 1 : 0`,
  smallerEq: (a, b) => `${a} <= ${b} || near(${a}, ${b}) ? 1 : 0`,
  largerEq: (a, b) => `${a} >= ${b} || near(${a}, ${b}) ? 1 : 0`,
  equal: (a, b) => `near(${a}, ${b}) ? 1 : 0`,
  unequal: (a, b) => `near(${a}, ${b}) ? 0 : 1`,
  and: (a, b) => `truth(${a}) && truth(${b}) ? 1 : 0`,
  or: (a, b) => `truth(${a}) || truth(${b}) ? 1 : 0`,
  not: (a) => `truth(${a}) ? 0 : 1`,
  select: (a, b, c) => `truth(${a}) ? ${b} : ${c}`,
} as const satisfies Record<string, (a: string, b: string, c: string) => string>;
export type Operation = keyof typeof operations;

/**
 * Makes a function of code that was put together here, out of numbers, positions and the operations above: no text of a scenario or a dataset gets
 * into it.
 * @param inputs names of what the code may use beside `helpers`, and their values
 */
export function generate(code: string, inputs: Readonly<Record<string, unknown>>): unknown {
  const scope = { ...helpers, ...inputs };
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- see above: the alternative, a machine, takes four times as long
  return new Function(...Object.keys(scope), `"use strict"; ${code}`)(...Object.values(scope)) as unknown;
}

/** One operation on constants. */
export function evaluate(operation: Operation, a: number, b: number, c: number): number {
  const code: (a: string, b: string, c: string) => string = operations[operation];
  return generate(`return ${code('a', 'b', 'c')};`, { a, b, c }) as number;
}
