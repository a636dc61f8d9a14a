import mathjs from 'mathjs/lib/browser/math.js';
import type { MathNode } from 'mathjs';

/** The parts of mathjs' nodes that are read; its own types leave the kind open. */
export type MathTree = MathNode & {
  readonly value?: unknown;
  readonly name?: string;
  readonly op?: string;
  readonly fn?: string | { readonly name?: string };
  readonly implicit?: boolean;
  readonly isPercentage?: boolean;
  readonly args?: readonly MathNode[];
  readonly params?: readonly MathNode[];
  readonly conditionals?: readonly string[];
  readonly content?: MathNode;
  readonly condition?: MathNode;
  readonly trueExpr?: MathNode;
  readonly falseExpr?: MathNode;
  readonly object?: MathNode;
  readonly index?: MathNode & { readonly dimensions?: readonly MathNode[]; readonly dotNotation?: boolean };
};

/**
 * An expression as mathjs' tree. Nothing is evaluated, and whoever walks the tree decides what it may hold.
 * @param wrong makes the error to throw from what is wrong and, where mathjs says so, the index of the character
 */
export function parseMath(
  text: string,
  wrong: (problem: string, at: number | undefined, cause: Error) => Error,
): MathTree {
  try {
    // A line's end would end the expression.
    return mathjs.parse(text.replaceAll(/\s/g, ' '));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const at = 'char' in error && typeof error.char === 'number' ? error.char - 1 : undefined;
    const what = error instanceof RangeError ? 'nested too deeply' : error.message.replace(/ \(char \d+\)$/, '');
    throw wrong(what, at, error);
  }
}

/** Index at which a node stands in its text, nearly: nodes do not know it, the first name or number inside does. */
export function indexOf(text: string, node: MathNode): number | undefined {
  const named: string[] = [];
  node.traverse((part) => {
    const { type, name, value } = part as MathTree;
    if (type === 'SymbolNode') named.push(name!);
    else if (type === 'ConstantNode') named.push(String(value));
  });
  const first = named.map((one) => text.indexOf(one)).filter((index) => index >= 0);
  return first.length === 0 ? undefined : Math.min(...first);
}
