import type { Operator } from './parse.ts';

export type Pointwise = readonly [value: (x: number) => number, slope: (x: number, y: number) => number];

/** Functions of each number by itself, with their derivatives from argument and value. */
export const pointwise: Readonly<Record<string, Pointwise>> = {
  exp: [Math.exp, (_x, y) => y],
  log: [Math.log, (x) => 1 / x],
  sqrt: [Math.sqrt, (_x, y) => 0.5 / y],
  tanh: [Math.tanh, (_x, y) => 1 - y * y],
  abs: [Math.abs, (x) => Math.sign(x)],
  sign: [Math.sign, () => 0],
};

export type Binary = (a: number, b: number) => number;

/** What the operators compute, and its derivatives by what stands left and right of them. */
export const arithmetic: Readonly<Record<Operator, readonly [Binary, Binary, Binary]>> = {
  '+': [(a, b) => a + b, () => 1, () => 1],
  '-': [(a, b) => a - b, () => 1, () => -1],
  '*': [(a, b) => a * b, (_a, b) => b, (a) => a],
  '/': [(a, b) => a / b, (_a, b) => 1 / b, (a, b) => -a / (b * b)],
  '^': [(a, b) => a ** b, (a, b) => b * a ** (b - 1), () => 0], // an exponent is constant
};

/** Functions that make one number of a vector. */
const reductions = ['sum', 'mean', 'lse', 'max', 'min'] as const;
export type Reduction = (typeof reductions)[number];

/** Names of the functions there are. */
export const functionNames = [...Object.keys(pointwise), ...reductions, 'other'];
