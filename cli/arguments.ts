import { InvalidArgumentError } from '@commander-js/extra-typings';

/** A parser for whole numbers within bounds. */
export function integer(name: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < low || value > high)
      throw new InvalidArgumentError(`${name} is '${text}', expected an integer in [${low}, ${high}].`);
    return value;
  };
}

/** `a,b,c` without blanks and empty parts. */
export function names(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
