import type { MathNode } from 'mathjs';
import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import { indexOf, parseMath } from '../../core/math-tree.ts';
import type { MathTree } from '../../core/math-tree.ts';
import type { BuildingModel } from './model.ts';
import type { RewardKernel } from './reward-kernel.ts';
import type { Operation } from './reward-operations.ts';
import { apply, compileReward } from './reward-program.ts';
import type { Formula } from './reward-program.ts';
import { rewardSymbols } from './reward-symbols.ts';

/*
 * Rewards written out in a scenario. mathjs parses them, once and only into a tree; from there on they are ours (reward-program.ts): an expression can
 * name what symbols and functions list, and nothing else.
 */

/** mathjs' functions of the tree → ours; the operators that an expression may have. */
const operators: Readonly<Record<string, Operation>> = {
  add: 'add',
  subtract: 'subtract',
  multiply: 'multiply',
  divide: 'divide',
  mod: 'mod',
  pow: 'pow',
  unaryMinus: 'negate',
  smaller: 'smaller',
  larger: 'larger',
  smallerEq: 'smallerEq',
  largerEq: 'largerEq',
  equal: 'equal',
  unequal: 'unequal',
  and: 'and',
  or: 'or',
  not: 'not',
};

/** Functions, with the least and greatest number of operands. */
const functions: Readonly<Record<string, readonly [number, number]>> = {
  min: [1, Infinity],
  max: [1, Infinity],
  abs: [1, 1],
  sign: [1, 1],
  exp: [1, 1],
  log: [1, 2],
  sqrt: [1, 1],
  floor: [1, 1],
  ceil: [1, 1],
  pow: [2, 2],
};

/**
 * A reward from an expression over the hour, `-max(net, 0) * electricity_pricing`: numbers, `+ - * / ^ %`, comparisons (chains too), `and or not`,
 * `? :`, functions and the names of reward-symbols.ts. float64; comparisons, powers and remainders are those of mathjs.
 * @throws {UnknownNameError} for a name that there is not, {ConfigError} for what is no such expression; both with the position.
 */
export function openExpressionReward(expression: string, models: readonly BuildingModel[]): RewardKernel {
  return compileReward(parseReward(expression, rewardSymbols(models[0]!)), models);
}

/** Whether an expression names what all buildings of the district make together. */
export function expressionReadsDistrict(expression: string, model: BuildingModel): boolean {
  const reads = (part: Formula): boolean =>
    part.kind === 'district' || (part.kind === 'apply' && part.of.some((operand) => reads(operand)));
  return reads(parseReward(expression, rewardSymbols(model)));
}

/** The expression as a formula over the symbols. */
function parseReward(expression: string, symbols: ReadonlyMap<string, Formula>): Formula {
  const odd = /[^\w\s+\-*/^%<>=!?:.,()]/u.exec(expression);
  if (odd !== null)
    throw new ConfigError(`reward expression: unexpected character '${odd[0]}'`, {
      place: placeOf(expression, odd.index),
    });
  if (expression.trim() === '')
    throw new ConfigError('reward expression is empty, expected one such as -max(net, 0)', { place: placeOf('', 0) });
  const tree = parseMath(
    expression,
    (problem, at, cause) => new ConfigError(`reward expression: ${problem}`, { place: placeOf(expression, at), cause }),
  );
  return new Translator(expression, symbols).translate(tree);
}

/** 1-based line and column of an index of the text. */
function placeOf(expression: string, index: number | undefined): Place {
  const path = '/district/reward/expression';
  if (index === undefined) return { path };
  const before = expression.slice(0, index).split('\n');
  return { path, line: before.length, column: before.at(-1)!.length + 1 };
}

class Translator {
  readonly #expression: string;
  readonly #symbols: ReadonlyMap<string, Formula>;

  constructor(expression: string, symbols: ReadonlyMap<string, Formula>) {
    this.#expression = expression;
    this.#symbols = symbols;
  }

  translate(node: MathNode): Formula {
    const tree = node as MathTree;
    switch (tree.type) {
      case 'ConstantNode':
        if (typeof tree.value !== 'number') return this.#reject(`'${String(tree.value)}' is not a number`, node);
        return { kind: 'number', value: tree.value };
      case 'SymbolNode':
        return this.#symbol(tree.name!);
      case 'ParenthesisNode':
        return this.translate(tree.content!);
      case 'OperatorNode':
        return this.#operator(tree);
      case 'RelationalNode':
        return this.#chain(tree);
      case 'ConditionalNode':
        return apply(
          'select',
          this.translate(tree.condition!),
          this.translate(tree.trueExpr!),
          this.translate(tree.falseExpr!),
        );
      case 'FunctionNode':
        return this.#call(tree);
      default:
        return this.#reject(`${kinds[tree.type] ?? tree.type} is no part of a reward`, node);
    }
  }

  #symbol(name: string): Formula {
    const found = this.#symbols.get(name);
    if (found !== undefined) return found;
    if (Object.hasOwn(functions, name))
      throw new ConfigError(`reward expression: '${name}' is a function, expected ${name}(…)`, {
        place: this.#find(name),
      });
    throw new UnknownNameError('name in the reward expression', name, [...this.#symbols.keys()], this.#find(name));
  }

  #operator(tree: MathTree): Formula {
    if (tree.implicit === true) return this.#reject('two values side by side, expected an operator between them', tree);
    if (tree.isPercentage === true) return this.#reject('% is the remainder of a division; write 10 % as 0.1', tree);
    const of = tree.args!.map((arg) => this.translate(arg));
    if (tree.fn === 'unaryPlus') return of[0]!;
    const operation = operators[tree.fn as string];
    if (operation === undefined) return this.#reject(`operator '${tree.op}' is no part of a reward`, tree);
    return apply(operation, ...of);
  }

  /** `a < b <= c`: each two neighbours compared, all of them. */
  #chain(tree: MathTree): Formula {
    const of = tree.params!.map((param) => this.translate(param));
    return tree
      .conditionals!.map((fn, i) => apply(operators[fn]!, of[i]!, of[i + 1]!))
      .reduce((left, right) => apply('and', left, right));
  }

  #call(tree: MathTree): Formula {
    const name = typeof tree.fn === 'object' ? tree.fn.name : undefined;
    if (name === undefined) return this.#reject('only functions can be called', tree);
    const bounds = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (bounds === undefined) {
      if (this.#symbols.has(name))
        throw new ConfigError(`reward expression: '${name}' is no function, expected an operator after it`, {
          place: this.#find(name),
        });
      throw new UnknownNameError('function in the reward expression', name, Object.keys(functions), this.#find(name));
    }
    const [least, most] = bounds;
    const of = tree.args!.map((arg) => this.translate(arg));
    if (of.length < least || of.length > most)
      throw new ConfigError(
        `reward expression: ${name} has ${of.length} operands, expected ${least === most ? least : most === Infinity ? `at least ${least}` : `${least} or ${most}`}`,
        { place: this.#find(name) },
      );
    if (name === 'min' || name === 'max') return of.reduce((left, right) => apply(name, left, right));
    return apply(name === 'log' && of.length === 2 ? 'logBase' : (name as Operation), ...of);
  }

  /** Where a name stands first. */
  #find(name: string): Place {
    const index = new RegExp(`(?<![\\w.])${name}(?!\\w)`).exec(this.#expression)?.index;
    return placeOf(this.#expression, index);
  }

  #reject(problem: string, node: MathNode): never {
    throw new ConfigError(`reward expression: ${problem}`, {
      place: placeOf(this.#expression, indexOf(this.#expression, node)),
    });
  }
}

const kinds: Readonly<Record<string, string>> = {
  AssignmentNode: 'an assignment (= is not ==)',
  FunctionAssignmentNode: 'the definition of a function',
  BlockNode: 'a second expression',
  RangeNode: 'a range',
  AccessorNode: 'a member (.)',
};
