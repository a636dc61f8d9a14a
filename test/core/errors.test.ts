import { describe, expect, it } from 'vitest';
import { assertLength, ConfigError, formatPlace, nearest, UnknownNameError } from '../../core/errors.ts';

describe('errors', () => {
  it('put their place first', () => {
    expect(formatPlace({ file: 'a.yaml', line: 6, column: 12, path: '/attack/epsilon' })).toBe(
      'a.yaml:6:12 /attack/epsilon',
    );
    expect(new ConfigError('too big', { place: { file: 'a.yaml', path: '/x' } }).message).toBe('a.yaml /x: too big');
    expect(new ConfigError('too big').message).toBe('too big');
    expect(new ConfigError('x')).toMatchObject({ name: 'ConfigError', code: 'config' });
  });

  it('hold nothing that a terminal obeys, a line for each that was given', () => {
    const hostile = 'a\u001b[2Jb\u009b31m\r\nConfigError: forged\u202e';
    const shown = 'a\\x1b[2Jb\\x9b31m\\x0d\\x0aConfigError: forged\\u202e';
    expect(new ConfigError(hostile, { place: { file: '\u0007.yaml' } }).message).toBe(`\\x07.yaml: ${shown}`);
    expect(new ConfigError([hostile, 'b']).message).toBe(`${shown}\nb`);
    expect(new UnknownNameError('output', hostile, [hostile]).message).not.toMatch(/\p{Cc}/u);
    expect(new ConfigError('“Größe” – σ ‖ 1 µs').message).toBe('“Größe” – σ ‖ 1 µs');
  });

  it('list the known names and the nearest', () => {
    const error = new UnknownNameError('attack', 'bifurcaton', ['pgd', 'bifurcation']);
    expect(error.message).toBe("unknown attack 'bifurcaton'. Did you mean 'bifurcation'? Known: pgd, bifurcation.");
    expect(nearest('zzzzzz', ['pgd', 'fgsm'])).toBeUndefined();
  });

  it('assert lengths', () => {
    expect(() => assertLength([1, 2], 3, 'x', 'forward')).toThrow('forward: x has 2 values, expected 3');
    expect(() => assertLength([1, 2], 2, 'x', 'forward')).not.toThrow();
  });
});
