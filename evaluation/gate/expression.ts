import type { MathNode } from 'mathjs';
import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import { indexOf, parseMath } from '../../core/math-tree.ts';
import type { MathTree } from '../../core/math-tree.ts';

/*
 * Conditions of a gate, `regret.electricity_consumption_total > 0.1`. mathjs parses them, once and only into a tree; what runs are the closures
 * below: a condition can read the quantities that it is given, and nothing else.
 */

/** What a condition may be at most. */
export const limits = { characters: 500, parts: 200, depth: 30 } as const;

/** Reads a quantity by its name; null: there is none on this lane. */
export type Quantities = (name: string) => number | null;

/** A checked condition. @returns null where it reads a quantity that there is none of, and what it says depends on it */
export type Condition = (quantities: Quantities) => boolean | null;

type Value = number | null;
type Evaluate = (quantities: Quantities) => Value;

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  pow: (a, b) => a ** b,
};

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  smaller: (a, b) => a < b,
  larger: (a, b) => a > b,
  smallerEq: (a, b) => a <= b,
  largerEq: (a, b) => a >= b,
  equal: (a, b) => a === b,
  unequal: (a, b) => a !== b,
};

/** Functions, with the least and greatest number of operands. */
const functions: Readonly<Record<string, readonly [number, number, (...of: number[]) => number]>> = {
  abs: [1, 1, Math.abs],
  sqrt: [1, 1, Math.sqrt],
  min: [1, 20, Math.min],
  max: [1, 20, Math.max],
};

/**
 * A condition over a lane's quantities: numbers, dotted names, `+ - * / ^`, comparisons (chains too), `and or not`, `abs sqrt min max`. float64.
 * @param names what there is to read; a name that ends with a point stands for all that begin with it
 * @throws {UnknownNameError} for a name that there is not, {ConfigError} for what is no such condition; both with the column.
 */
export function parseCondition(text: string, names: readonly string[]): Condition {
  const fail = (problem: string, at?: number): ConfigError =>
    new ConfigError(`condition: ${problem}`, { place: placeOf(text, at) });
  if (text.length > limits.characters)
    throw fail(`${text.length} characters, at most ${limits.characters} are read`, limits.characters);
  if (text.trim() === '') throw fail('empty, expected one such as regret.electricity_consumption_total > 0.1', 0);
  const odd = /[^\w\s+\-*/^<>=!.,()]/u.exec(text);
  if (odd !== null) throw fail(`unexpected character '${odd[0]}'`, odd.index);
  const tree = parseMath(text, fail);
  let parts = 0;

  const truth = translate(tree, 0);
  if (truth.kind !== 'truth') throw fail('a number, expected a comparison such as … > 0.1', 0);
  return truth.of;

  type Part =
    | { readonly kind: 'number'; readonly of: Evaluate }
    | { readonly kind: 'truth'; readonly of: (quantities: Quantities) => boolean | null };

  function translate(node: MathNode, depth: number): Part {
    if (++parts > limits.parts) throw fail(`more than ${limits.parts} parts`);
    if (depth > limits.depth) throw fail(`nested more than ${limits.depth} deep`);
    const part = node as MathTree;
    const number = (one: MathNode): Evaluate => {
      const made = translate(one, depth + 1);
      if (made.kind !== 'number') throw fail(`'${one.toString()}' is a condition, expected a number`, find(one));
      return made.of;
    };
    const condition = (one: MathNode): Condition => {
      const made = translate(one, depth + 1);
      if (made.kind !== 'truth') throw fail(`'${one.toString()}' is a number, expected a condition`, find(one));
      return made.of;
    };
    switch (part.type) {
      case 'ConstantNode': {
        const { value } = part;
        if (typeof value !== 'number') throw fail(`'${String(value)}' is not a number`, find(node));
        return { kind: 'number', of: () => value };
      }
      case 'ParenthesisNode':
        return translate(part.content!, depth + 1);
      case 'SymbolNode':
      case 'AccessorNode': {
        const name = dotted(part);
        if (name === null) throw fail(`'${node.toString()}' is no name of a quantity`, find(node));
        if (!names.some((known) => known === name || (known.endsWith('.') && name.startsWith(known)))) {
          const [group] = name.split('.');
          const near = names.filter((known) => known.startsWith(`${group}.`));
          const known = near.length === 0 ? names : near;
          throw new UnknownNameError('quantity in the condition', name, known, placeOf(text, find(node)));
        }
        return { kind: 'number', of: (quantities) => quantities(name) };
      }
      case 'RelationalNode': {
        const of = part.params!.map(number);
        const pairs = part.conditionals!.map((fn, i) => compared(comparisons[fn]!, of[i]!, of[i + 1]!));
        return { kind: 'truth', of: pairs.reduce(both) };
      }
      case 'OperatorNode':
        return operator(part, number, condition);
      case 'FunctionNode': {
        const name = typeof part.fn === 'object' ? (part.fn.name ?? '') : (part.fn ?? '');
        if (!Object.hasOwn(functions, name))
          throw new UnknownNameError(
            'function in the condition',
            name,
            Object.keys(functions),
            placeOf(text, text.indexOf(name)),
          );
        const [least, most, compute] = functions[name]!;
        const of = part.args!.map(number);
        if (of.length < least || of.length > most)
          throw fail(
            `${name} has ${of.length} operands, expected ${least === most ? least : `${least} to ${most}`}`,
            text.indexOf(name),
          );
        return { kind: 'number', of: strict(compute, of) };
      }
      default:
        throw fail(`'${node.toString()}' is no part of a condition (== compares)`, find(node));
    }
  }

  function operator(
    part: MathTree,
    number: (one: MathNode) => Evaluate,
    condition: (one: MathNode) => Condition,
  ): Part {
    if (part.implicit === true) throw fail('two values side by side, expected an operator between them', find(part));
    const fn = part.fn as string;
    const [a, b] = part.args as [MathNode, MathNode];
    if (fn === 'unaryMinus') return { kind: 'number', of: strict((x) => -x, [number(a)]) };
    if (fn === 'unaryPlus') return { kind: 'number', of: number(a) };
    if (fn === 'not') return { kind: 'truth', of: negated(condition(a)) };
    if (fn === 'and') return { kind: 'truth', of: both(condition(a), condition(b)) };
    if (fn === 'or') return { kind: 'truth', of: negated(both(negated(condition(a)), negated(condition(b)))) };
    if (Object.hasOwn(comparisons, fn)) return { kind: 'truth', of: compared(comparisons[fn]!, number(a), number(b)) };
    if (!Object.hasOwn(arithmetic, fn)) throw fail(`operator '${part.op}' is no part of a condition`, find(part));
    return { kind: 'number', of: strict(arithmetic[fn]!, [number(a), number(b)]) };
  }

  function find(node: MathNode): number | undefined {
    return indexOf(text, node);
  }
}

/** `a.b.c` as its text; null for what is not made of names and points alone. */
function dotted(part: MathTree): string | null {
  if (part.type === 'SymbolNode') return part.name!;
  if (part.type !== 'AccessorNode' || part.index!.dotNotation !== true) return null;
  const own = (part.index!.dimensions![0] as MathTree).value;
  const before = dotted(part.object as MathTree);
  return before === null ? null : `${before}.${String(own)}`;
}

function strict(compute: (...of: number[]) => number, of: readonly Evaluate[]): Evaluate {
  return (quantities) => {
    const values = of.map((one) => one(quantities));
    return values.includes(null) ? null : compute(...(values as number[]));
  };
}

function compared(compare: (a: number, b: number) => boolean, a: Evaluate, b: Evaluate): Condition {
  return (quantities) => {
    const [left, right] = [a(quantities), b(quantities)];
    // NaN compares as false with everything, which would let a gate pass on a figure that is none.
    return left === null || right === null || Number.isNaN(left) || Number.isNaN(right) ? null : compare(left, right);
  };
}

/** Kleene's and: false wins over what is not known. */
function both(a: Condition, b: Condition): Condition {
  return (quantities) => {
    const [left, right] = [a(quantities), b(quantities)];
    if (left === false || right === false) return false;
    return left === null || right === null ? null : true;
  };
}

function negated(of: Condition): Condition {
  return (quantities) => {
    const value = of(quantities);
    return value === null ? null : !value;
  };
}

function placeOf(text: string, index: number | undefined): Place {
  const path = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return index === undefined ? { path } : { path, line: 1, column: Math.max(0, index) + 1 };
}
