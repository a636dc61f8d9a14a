import type { BuildingModel } from './model.ts';
import { districtNet } from './reward-consumption.ts';
import type { RewardKernel } from './reward-kernel.ts';

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

/** A formula over a building's hour, as a tree. */
export type Formula =
  | { readonly kind: 'number'; readonly value: number }
  /** Field of the hour's block. */
  | { readonly kind: 'field'; readonly field: number }
  /** Exogenous column, by its name. */
  | { readonly kind: 'column'; readonly name: string }
  /** Σ net over the district's buildings. */
  | { readonly kind: 'district' }
  /** `select` takes condition, then, else; `log` one operand, `logBase` two. */
  | { readonly kind: 'apply'; readonly operation: Operation; readonly of: readonly Formula[] };

export const apply = (operation: Operation, ...of: readonly Formula[]): Formula => ({ kind: 'apply', operation, of });

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

/** One operation, for constants; the machine below does the same inline. Equal to mathjs' functions of numbers. */
function evaluate(operation: number, a: number, b: number, c: number): number {
  const registers = Float64Array.of(a, b, c, 0);
  run(Int32Array.of(operation, 3, 0, 1, 2), registers);
  return registers[3]!;
}

/** Words of an instruction: operation, target, three operands. */
const width = 5;

function run(code: Int32Array, r: Float64Array): void {
  for (let pc = 0; pc < code.length; pc += width) {
    const a = r[code[pc + 2]!]!;
    const b = r[code[pc + 3]!]!;
    let value: number;
    switch (code[pc]!) {
      case operations.add:
        value = a + b;
        break;
      case operations.subtract:
        value = a - b;
        break;
      case operations.multiply:
        value = a * b;
        break;
      case operations.divide:
        value = a / b;
        break;
      case operations.mod:
        value = b === 0 ? a : a - b * Math.floor(a / b);
        break;
      case operations.pow:
        value = (a * a < 1 && b === Infinity) || (a * a > 1 && b === -Infinity) ? 0 : a ** b;
        break;
      case operations.negate:
        value = -a;
        break;
      case operations.min:
        value = Math.min(a, b);
        break;
      case operations.max:
        value = Math.max(a, b);
        break;
      case operations.abs:
        value = Math.abs(a);
        break;
      case operations.sign:
        value = Math.sign(a);
        break;
      case operations.exp:
        value = Math.exp(a);
        break;
      case operations.log:
        value = Math.log(a);
        break;
      case operations.logBase:
        value = truth(b) ? Math.log(a) / Math.log(b) : Math.log(a);
        break;
      case operations.sqrt:
        value = Math.sqrt(a);
        break;
      case operations.floor:
        value = rounded(a, Math.floor(a));
        break;
      case operations.ceil:
        value = rounded(a, Math.ceil(a));
        break;
      case operations.smaller:
        value = a < b && !near(a, b) ? 1 : 0;
        break;
      case operations.larger:
        value = a > b && !near(a, b) ? 1 : 0;
        break;
      case operations.smallerEq:
        value = a <= b || near(a, b) ? 1 : 0;
        break;
      case operations.largerEq:
        value = a >= b || near(a, b) ? 1 : 0;
        break;
      case operations.equal:
        value = near(a, b) ? 1 : 0;
        break;
      case operations.unequal:
        value = near(a, b) ? 0 : 1;
        break;
      case operations.and:
        value = truth(a) && truth(b) ? 1 : 0;
        break;
      case operations.or:
        value = truth(a) || truth(b) ? 1 : 0;
        break;
      case operations.not:
        value = truth(a) ? 0 : 1;
        break;
      default:
        value = truth(a) ? b : r[code[pc + 4]!]!;
    }
    r[code[pc + 1]!] = value;
  }
}

function truth(a: number): boolean {
  return a !== 0 && a === a;
}

/** Registers of a program under construction: constants and inputs first come, first served; equal ones share one. */
class Registers {
  readonly #numbers = new Map<string, number>();
  readonly values: number[] = [];

  /** @param key equal for equal contents */
  of(key: string, value: number): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const register = this.values.push(value) - 1;
    this.#numbers.set(key, register);
    return register;
  }
}

/**
 * Compiles a formula into instructions over registers (three operands each, typed arrays, no closures) and lays out where its inputs come from.
 * Constant parts are computed here; equal parts once. Neither `eval` nor the parser is needed to run it.
 */
export function compileReward(formula: Formula, models: readonly BuildingModel[]): RewardKernel {
  const registers = new Registers();
  const code: number[] = [];
  const fields: number[] = [];
  const fieldRegisters: number[] = [];
  const columns: string[] = [];
  const columnRegisters: number[] = [];
  const constants = new Map<number, number>();
  let districtRegister = -1;

  const constant = (value: number): number => {
    const register = registers.of(`number ${Object.is(value, -0) ? '-0' : value}`, value);
    constants.set(register, value);
    return register;
  };
  const input = <Source>(key: string, source: Source, sources: Source[], targets: number[]): number => {
    const register = registers.of(key, 0);
    if (!targets.includes(register)) {
      sources.push(source);
      targets.push(register);
    }
    return register;
  };
  const compile = (part: Formula): number => {
    if (part.kind === 'number') return constant(part.value);
    if (part.kind === 'field') return input(`field ${part.field}`, part.field, fields, fieldRegisters);
    if (part.kind === 'column') return input(`column ${part.name}`, part.name, columns, columnRegisters);
    if (part.kind === 'district') return (districtRegister = registers.of('district', 0));
    const operands = part.of.map(compile);
    const values = operands.map((register) => constants.get(register));
    const operation = operations[part.operation];
    if (values.every((value) => value !== undefined))
      return constant(evaluate(operation, values[0]!, values[1] ?? 0, values[2] ?? 0));
    const [a, b = a, c = a] = operands as [number, ...number[]];
    const next = registers.values.length;
    const target = registers.of(`apply ${operation} ${a} ${b} ${c}`, 0);
    if (target === next) code.push(operation, target, a, b, c);
    return target;
  };
  const result = compile(formula);
  return kernel({
    code: Int32Array.from(code),
    registers: Float64Array.from(registers.values),
    fields: Int32Array.from(fields),
    fieldRegisters: Int32Array.from(fieldRegisters),
    columns: models.map((model) => columns.map((name) => model.columns.named[name]!)),
    columnRegisters: Int32Array.from(columnRegisters),
    districtRegister,
    result,
  });
}

interface Program {
  readonly code: Int32Array;
  readonly registers: Float64Array;
  readonly fields: Int32Array;
  readonly fieldRegisters: Int32Array;
  /** [buildings][columns] */
  readonly columns: readonly (readonly Float64Array[])[];
  readonly columnRegisters: Int32Array;
  /** −1: not needed */
  readonly districtRegister: number;
  readonly result: number;
}

function kernel(p: Program): RewardKernel {
  const { code, registers, fields, fieldRegisters, columns, columnRegisters, districtRegister, result } = p;
  return (hours, ats, rows, out) => {
    if (districtRegister >= 0) registers[districtRegister] = districtNet(hours, ats);
    for (let i = 0; i < ats.length; i++) {
      const at = ats[i]!;
      const row = rows[i]!;
      const own = columns[i]!;
      for (let k = 0; k < fields.length; k++) registers[fieldRegisters[k]!] = hours[at + fields[k]!]!;
      for (let k = 0; k < own.length; k++) registers[columnRegisters[k]!] = own[k]![row]!;
      run(code, registers);
      out[i] = registers[result]!;
    }
  };
}
