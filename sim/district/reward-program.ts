import type { BuildingModel } from './model.ts';
import { districtNet } from './reward-consumption.ts';
import type { RewardKernel } from './reward-kernel.ts';
import { evaluate, generate, operations } from './reward-operations.ts';
import type { Operation } from './reward-operations.ts';

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
 * Compiles a formula into one function over all buildings of a district. Constant parts are computed here; equal parts once.
 * The parser is not needed to run it.
 */
export function compileReward(formula: Formula, models: readonly BuildingModel[]): RewardKernel {
  const lines: string[] = [];
  const known = new Map<string, string>();
  const constants = new Map<string, number>();
  const columns: (readonly Float64Array[])[] = [];
  let usesDistrict = false;

  /** The variable that holds the value of `code`. */
  const variable = (code: string): string => {
    const named = known.get(code) ?? `r${known.size}`;
    if (!known.has(code)) lines.push(`const ${named} = ${code};`);
    known.set(code, named);
    return named;
  };
  const constant = (value: number): string => {
    const code = `(${Object.is(value, -0) ? '-0' : String(value)})`;
    constants.set(code, value);
    return code;
  };
  const compile = (part: Formula): string => {
    if (part.kind === 'number') return constant(part.value);
    if (part.kind === 'field') return variable(`hours[at + ${part.field}]`);
    if (part.kind === 'column') {
      const column = models.map((model) => model.columns.named[part.name]!);
      const same = columns.findIndex((one) => one.every((values, i) => values === column[i]));
      return variable(`columns[${same < 0 ? columns.push(column) - 1 : same}][i][rows[i]]`);
    }
    if (part.kind === 'district') {
      usesDistrict = true;
      return 'district';
    }
    const operands = part.of.map(compile);
    const values = operands.map((operand) => constants.get(operand));
    if (values.every((value) => value !== undefined))
      return constant(evaluate(part.operation, values[0]!, values[1] ?? 0, values[2] ?? 0));
    const [a, b = a, c = a] = operands as [string, ...string[]];
    // The power of 2 is the product, to the bit, at a fifth of the time.
    if (part.operation === 'pow' && values[1] === 2) return variable(operations.multiply(a, a));
    const code: (a: string, b: string, c: string) => string = operations[part.operation];
    return variable(code(a, b, c));
  };
  const result = compile(formula);
  return generate(
    `return (hours, ats, rows, out) => {
      ${usesDistrict ? 'const district = districtNet(hours, ats);' : ''}
      for (let i = 0; i < ${models.length}; i++) {
        const at = ats[i];
        ${lines.join('\n        ')}
        out[i] = ${result};
      }
    };`,
    { columns, districtNet },
  ) as RewardKernel;
}
