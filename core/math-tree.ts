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

/** Deepest nesting of an expression's brackets, signs, powers and choices, and of its tree, where a long sum is deep too. */
const maxNesting = 60;
const maxDepth = 250;

/**
 * An expression as mathjs' tree, not so deep that a walk over it could exhaust the stack: where V8 is compiling a regular expression then, that is no
 * error but the end of the process. Nothing is evaluated, and whoever walks the tree decides what it may hold.
 * @param wrong makes the error to throw from what is wrong and, where mathjs says so, the index of the character
 */
export function parseMath(
  text: string,
  wrong: (problem: string, at: number | undefined, cause: Error) => Error,
): MathTree {
  const tooDeep = 'nested too deeply';
  const deep = deepAt(text);
  if (deep !== undefined) throw wrong(tooDeep, deep, new RangeError(tooDeep));
  let tree: MathTree;
  try {
    // A line's end would end the expression.
    tree = mathjs.parse(text.replaceAll(/\s/g, ' '));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const at = 'char' in error && typeof error.char === 'number' ? error.char - 1 : undefined;
    throw wrong(error.message.replace(/ \(char \d+\)$/, ''), at, error);
  }
  if (isDeep(tree))
    throw wrong(`${tooDeep}: its tree has more than ${maxDepth} levels`, undefined, new RangeError(tooDeep));
  return tree;
}

/** Where mathjs' parser would have called itself too often. */
function deepAt(text: string): number | undefined {
  let brackets = 0;
  let signs = 0;
  /** Powers, choices and assignments are read from the right: each is a call inside the one before. */
  let fromRight = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if ('([{'.includes(letter)) brackets++;
    else if (')]}'.includes(letter)) brackets--;
    if ('^?='.includes(letter)) fromRight++;
    if ('+-~!'.includes(letter)) signs++;
    else if (/not\b/y.test(text.slice(at, at + 4))) {
      signs++;
      at += 2;
    } else if (letter.trim() !== '') signs = 0;
    if (brackets > maxNesting || signs > maxNesting || fromRight > 4 * maxNesting) return at;
  }
  return undefined;
}

/** Without recursion, which is what it is about. */
function isDeep(tree: MathTree): boolean {
  let level: MathNode[] = [tree];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true;
    const next: MathNode[] = [];
    for (const node of level) node.forEach((child) => void next.push(child));
    level = next;
  }
  return false;
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
