import { UnknownNameError } from '../../../core/errors.ts';
import type { Head } from '../../../core/policy.ts';
import { logSoftmax } from '../../../logits/log-softmax.ts';
import { unitAction, unitActionSlope } from '../../../logits/unit-action.ts';
import { arithmetic, functionNames, pointwise } from './functions.ts';
import type { Binary, Pointwise, Reduction } from './functions.ts';
import type { Expression, Operator } from './parse.ts';
import { wrong } from './parse.ts';

/** A number or a vector at some point of the program, and what the result's derivative by it is. */
interface Slot {
  readonly value: Float64Array;
  readonly slope: Float64Array;
  /** Whether it depends on the logits: what does not is computed forwards only. */
  readonly moves: boolean;
}

/** An expression made ready for one head. */
export interface Program {
  /** [n] the row's logits or means, and those on the clean observation. */
  readonly z: Float64Array;
  readonly clean: Float64Array;
  /** [1] the clean bin. */
  readonly y: Float64Array;
  /** [1] on bins, [A] on means. */
  readonly side: Float64Array;
  /** The expression's value of what the inputs hold; afterwards `slope` is its derivative by z. */
  run(): number;
  /** [n] */
  readonly slope: Float64Array;
}

/**
 * An expression as straight-line code over float64 vectors, differentiated in reverse mode: exact derivatives, in a small multiple of the
 * time of the value. Vectors are as long as the head has bins or components; a number goes with any vector.
 * @throws {UnknownNameError} for a name that there is not, {ConfigError} with the position for what does not fit together.
 */
export function compile(text: string, expression: Expression, head: Head): Program {
  const forward: (() => void)[] = [];
  const backward: (() => void)[] = [];
  const bins = head.kind === 'categorical';
  const size = bins ? head.values.length : head.low.length;

  const slot = (length: number, moves: boolean): Slot => ({
    value: new Float64Array(length),
    slope: new Float64Array(length),
    moves,
  });
  const slots: Slot[] = [];
  /** Code that fills a slot from others, and code that passes its slope on to them. */
  const step = (length: number, from: readonly Slot[], ahead: (to: Slot) => void, back: (to: Slot) => void): Slot => {
    const to = slot(
      length,
      from.some(({ moves }) => moves),
    );
    slots.push(to);
    forward.push(() => ahead(to));
    if (to.moves) backward.push(() => back(to));
    return to;
  };

  const z = slot(size, true);
  const clean = slot(size, false);
  const y = slot(1, false);
  const side = slot(bins ? 1 : size, false);
  slots.push(z);

  /** softmax, on bins; the executed action on the scale 0…1, on means. */
  const probabilities = (of: Slot): Slot =>
    step(
      size,
      [of],
      ({ value }) => {
        logSoftmax(of.value, 0, size, value);
        for (let i = 0; i < size; i++) value[i] = Math.exp(value[i]!);
      },
      ({ value, slope }) => {
        let mean = 0;
        for (let i = 0; i < size; i++) mean += slope[i]! * value[i]!;
        for (let i = 0; i < size; i++) of.slope[i]! += value[i]! * (slope[i]! - mean);
      },
    );
  const executed = (of: Slot): Slot =>
    step(
      size,
      [of],
      ({ value }) => {
        if (head.kind !== 'categorical') for (let b = 0; b < size; b++) value[b] = unitAction(head, b, of.value[b]!);
      },
      ({ slope }) => {
        if (head.kind !== 'categorical')
          for (let b = 0; b < size; b++) of.slope[b]! += slope[b]! * unitActionSlope(head, b, of.value[b]!);
      },
    );
  const constant = (...values: readonly number[]): Slot => {
    const to = slot(values.length, false);
    to.value.set(values);
    return to;
  };
  const names: Readonly<Record<string, () => Slot>> = {
    z: () => z,
    clean: () => clean,
    side: () => side,
    ...(head.kind === 'categorical'
      ? {
          y: () => y,
          p: () => probabilities(z),
          clean_p: () => probabilities(clean),
          a: () => constant(...head.values),
        }
      : { u: () => executed(z), clean_u: () => executed(clean) }),
  };

  function translate(part: Expression): Slot {
    switch (part.kind) {
      case 'number':
        return constant(part.value);
      case 'name':
        if (!Object.hasOwn(names, part.name)) throw unknown('name', part, part.name, Object.keys(names));
        return names[part.name]!();
      case 'negate':
        return binary(part.at, '-', constant(0), translate(part.of));
      case 'binary':
        return binary(part.at, part.operator, translate(part.left), translate(part.right));
      case 'index':
        return pick(translate(part.of), indexOf(part.index), part.at);
    }
    return call(part);
  }

  function call({ at, name, of }: Extract<Expression, { kind: 'call' }>): Slot {
    if (!functionNames.includes(name)) throw unknown('function', { at }, name, functionNames);
    if (name === 'other') {
      if (of.length !== 2) throw wrong(text, at, `other(v, i) takes 2 arguments, got ${of.length}`);
      return extreme(translate(of[0]!), 1, indexOf(of[1]!), at);
    }
    const args = of.map(translate);
    if ((name === 'max' || name === 'min') && args.length > 1)
      return args.reduce((left, right) => larger(at, name === 'max' ? 1 : -1, left, right));
    if (args.length !== 1) throw wrong(text, at, `${name} takes 1 argument, got ${args.length}`);
    const [arg] = args as [Slot];
    if (Object.hasOwn(pointwise, name)) return each(pointwise[name]!, arg);
    return reduce(name as Reduction, arg, at);
  }

  function each([f, derivative]: Pointwise, arg: Slot): Slot {
    const n = arg.value.length;
    return step(
      n,
      [arg],
      ({ value }) => {
        for (let i = 0; i < n; i++) value[i] = f(arg.value[i]!);
      },
      ({ value, slope }) => {
        for (let i = 0; i < n; i++) arg.slope[i]! += slope[i]! * derivative(arg.value[i]!, value[i]!);
      },
    );
  }

  function reduce(name: Reduction, arg: Slot, at: number): Slot {
    const n = arg.value.length;
    if (name === 'max' || name === 'min') return extreme(arg, name === 'max' ? 1 : -1, null, at);
    if (name === 'lse') {
      const logP = new Float64Array(n);
      return step(
        1,
        [arg],
        ({ value }) => {
          logSoftmax(arg.value, 0, n, logP);
          value[0] = arg.value[0]! - logP[0]!;
        },
        ({ slope }) => {
          for (let i = 0; i < n; i++) arg.slope[i]! += slope[0]! * Math.exp(logP[i]!);
        },
      );
    }
    const share = name === 'mean' ? 1 / n : 1;
    return step(
      1,
      [arg],
      ({ value }) => {
        let total = 0;
        for (let i = 0; i < n; i++) total += arg.value[i]!;
        value[0] = share * total;
      },
      ({ slope }) => {
        for (let i = 0; i < n; i++) arg.slope[i]! += share * slope[0]!;
      },
    );
  }

  /** The largest (sign 1) or smallest number of a vector, one left out; the slope goes to the first of equals. */
  function extreme(arg: Slot, sign: number, except: Slot | null, at: number): Slot {
    const n = arg.value.length;
    if (except !== null && n < 2) throw wrong(text, at, 'other(v, i) needs a vector of at least 2 numbers');
    let best = 0;
    return step(
      1,
      [arg],
      ({ value }) => {
        const left = except === null ? -1 : except.value[0]!;
        best = left === 0 ? 1 : 0;
        for (let i = best + 1; i < n; i++) if (i !== left && sign * arg.value[i]! > sign * arg.value[best]!) best = i;
        value[0] = arg.value[best]!;
      },
      ({ slope }) => {
        arg.slope[best]! += slope[0]!;
      },
    );
  }

  function larger(at: number, sign: number, left: Slot, right: Slot): Slot {
    return pairs(
      at,
      left,
      right,
      (a, b) => (sign * a >= sign * b ? a : b),
      (a, b) => (sign * a >= sign * b ? 1 : 0),
      (a, b) => (sign * a >= sign * b ? 0 : 1),
    );
  }

  function binary(at: number, operator: Operator, left: Slot, right: Slot): Slot {
    if (operator === '^' && right.moves) throw wrong(text, at, 'an exponent may not depend on the logits');
    return pairs(at, left, right, ...arithmetic[operator]);
  }

  function pairs(at: number, left: Slot, right: Slot, f: Binary, byLeft: Binary, byRight: Binary): Slot {
    const [l, r] = [left.value.length, right.value.length];
    if (l !== r && l !== 1 && r !== 1) throw wrong(text, at, `a vector of ${l} numbers does not go with one of ${r}`);
    const n = Math.max(l, r);
    return step(
      n,
      [left, right],
      ({ value }) => {
        for (let i = 0; i < n; i++) value[i] = f(left.value[l === 1 ? 0 : i]!, right.value[r === 1 ? 0 : i]!);
      },
      ({ slope }) => {
        for (let i = 0; i < n; i++) {
          const a = left.value[l === 1 ? 0 : i]!;
          const b = right.value[r === 1 ? 0 : i]!;
          if (left.moves) left.slope[l === 1 ? 0 : i]! += slope[i]! * byLeft(a, b);
          if (right.moves) right.slope[r === 1 ? 0 : i]! += slope[i]! * byRight(a, b);
        }
      },
    );
  }

  /** An index that no logit moves: a whole number, or the clean bin. */
  function indexOf(part: Expression): Slot {
    if (part.kind === 'number' && Number.isInteger(part.value) && part.value < size) return constant(part.value);
    if (part.kind === 'name' && part.name === 'y' && Object.hasOwn(names, 'y')) return y;
    const known = `an index is 0 … ${size - 1}${bins ? ' or y, the clean bin' : ''}`;
    throw wrong(text, part.at, known);
  }

  function pick(of: Slot, index: Slot, at: number): Slot {
    if (of.value.length !== size) throw wrong(text, at, 'only a vector has an index');
    return step(
      1,
      [of],
      ({ value }) => {
        value[0] = of.value[index.value[0]!]!;
      },
      ({ slope }) => {
        of.slope[index.value[0]!]! += slope[0]!;
      },
    );
  }

  const unknown = (kind: string, { at }: { readonly at: number }, name: string, known: readonly string[]): Error =>
    new UnknownNameError(`${kind} of an expression on a ${head.kind} head`, name, known, wrong(text, at, '').place);

  const result = translate(expression);
  if (result.value.length !== 1)
    throw wrong(text, expression.at, `an objective is one number, this is a vector of ${result.value.length}`);
  backward.reverse();
  return {
    z: z.value,
    clean: clean.value,
    y: y.value,
    side: side.value,
    slope: z.slope,
    run() {
      for (const ahead of forward) ahead();
      for (const { slope } of slots) slope.fill(0);
      if (result.moves) {
        result.slope[0] = 1;
        for (const back of backward) back();
      }
      return result.value[0]!;
    },
  };
}
