/* The machine that reward expressions run on: registers and three-operand instructions in typed arrays. */

/** What can be computed; true is 1, false 0, and 0 and NaN count as false. The numbers are the machine's. */
export const operations = {
  add: 0,
  subtract: 1,
  multiply: 2,
  divide: 3,
  mod: 4,
  pow: 5,
  negate: 6,
  min: 7,
  max: 8,
  abs: 9,
  sign: 10,
  exp: 11,
  log: 12,
  logBase: 13,
  sqrt: 14,
  floor: 15,
  ceil: 16,
  smaller: 17,
  larger: 18,
  smallerEq: 19,
  largerEq: 20,
  equal: 21,
  unequal: 22,
  and: 23,
  or: 24,
  not: 25,
  select: 26,
} as const;
export type Operation = keyof typeof operations;

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

/** Words of an instruction: operation, target, three operands; registers are named by where they begin. */
export const instructionWords = 5;

/**
 * Runs a program over `n` buildings at once, [registers×n]: an instruction is decoded once for all of them. The numbers are those of `operations`,
 * which a switch over names would look up one after the other.
 */
export function run(code: Int32Array, r: Float64Array, n: number): void {
  for (let pc = 0; pc < code.length; pc += instructionWords) {
    const to = code[pc + 1]!;
    const a = code[pc + 2]!;
    const b = code[pc + 3]!;
    const c = code[pc + 4]!;
    switch (code[pc]!) {
      case 0: // add
        for (let i = 0; i < n; i++) r[to + i] = r[a + i]! + r[b + i]!;
        break;
      case 1: // subtract
        for (let i = 0; i < n; i++) r[to + i] = r[a + i]! - r[b + i]!;
        break;
      case 2: // multiply
        for (let i = 0; i < n; i++) r[to + i] = r[a + i]! * r[b + i]!;
        break;
      case 3: // divide
        for (let i = 0; i < n; i++) r[to + i] = r[a + i]! / r[b + i]!;
        break;
      case 4: // mod
        for (let i = 0; i < n; i++) r[to + i] = remainder(r[a + i]!, r[b + i]!);
        break;
      case 5: // pow
        for (let i = 0; i < n; i++) r[to + i] = power(r[a + i]!, r[b + i]!);
        break;
      case 6: // negate
        for (let i = 0; i < n; i++) r[to + i] = -r[a + i]!;
        break;
      case 7: // min
        for (let i = 0; i < n; i++) r[to + i] = Math.min(r[a + i]!, r[b + i]!);
        break;
      case 8: // max
        for (let i = 0; i < n; i++) r[to + i] = Math.max(r[a + i]!, r[b + i]!);
        break;
      case 9: // abs
        for (let i = 0; i < n; i++) r[to + i] = Math.abs(r[a + i]!);
        break;
      case 10: // sign
        for (let i = 0; i < n; i++) r[to + i] = Math.sign(r[a + i]!);
        break;
      case 11: // exp
        for (let i = 0; i < n; i++) r[to + i] = Math.exp(r[a + i]!);
        break;
      case 12: // log
        for (let i = 0; i < n; i++) r[to + i] = Math.log(r[a + i]!);
        break;
      case 13: // logBase
        for (let i = 0; i < n; i++) r[to + i] = logarithm(r[a + i]!, r[b + i]!);
        break;
      case 14: // sqrt
        for (let i = 0; i < n; i++) r[to + i] = Math.sqrt(r[a + i]!);
        break;
      case 15: // floor
        for (let i = 0; i < n; i++) r[to + i] = rounded(r[a + i]!, Math.floor(r[a + i]!));
        break;
      case 16: // ceil
        for (let i = 0; i < n; i++) r[to + i] = rounded(r[a + i]!, Math.ceil(r[a + i]!));
        break;
      case 17: // smaller
        for (let i = 0; i < n; i++) r[to + i] = r[a + i]! < r[b + i]! && !near(r[a + i]!, r[b + i]!) ? 1 : 0;
        break;
      case 18: // larger
        for (let i = 0; i < n; i++) r[to + i] = r[a + i]! > r[b + i]! && !near(r[a + i]!, r[b + i]!) ? 1 : 0;
        break;
      case 19: // smallerEq
        for (let i = 0; i < n; i++) r[to + i] = r[a + i]! <= r[b + i]! || near(r[a + i]!, r[b + i]!) ? 1 : 0;
        break;
      case 20: // largerEq
        for (let i = 0; i < n; i++) r[to + i] = r[a + i]! >= r[b + i]! || near(r[a + i]!, r[b + i]!) ? 1 : 0;
        break;
      case 21: // equal
        for (let i = 0; i < n; i++) r[to + i] = near(r[a + i]!, r[b + i]!) ? 1 : 0;
        break;
      case 22: // unequal
        for (let i = 0; i < n; i++) r[to + i] = near(r[a + i]!, r[b + i]!) ? 0 : 1;
        break;
      case 23: // and
        for (let i = 0; i < n; i++) r[to + i] = truth(r[a + i]!) && truth(r[b + i]!) ? 1 : 0;
        break;
      case 24: // or
        for (let i = 0; i < n; i++) r[to + i] = truth(r[a + i]!) || truth(r[b + i]!) ? 1 : 0;
        break;
      case 25: // not
        for (let i = 0; i < n; i++) r[to + i] = truth(r[a + i]!) ? 0 : 1;
        break;
      default: // select
        for (let i = 0; i < n; i++) r[to + i] = truth(r[a + i]!) ? r[b + i]! : r[c + i]!;
    }
  }
}

/** One operation on constants. */
export function evaluate(operation: number, a: number, b: number, c: number): number {
  const registers = Float64Array.of(a, b, c, 0);
  run(Int32Array.of(operation, 3, 0, 1, 2), registers, 1);
  return registers[3]!;
}

function truth(a: number): boolean {
  return a !== 0 && a === a;
}
