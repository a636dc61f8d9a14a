const encoder = new TextEncoder();
// A byte order mark is a character as any other; the default drops it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 of a text; a lone surrogate becomes U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8; what is none becomes U+FFFD. */
export function utf8Text(bytes: readonly number[]): string {
  return decoder.decode(Uint8Array.from(bytes));
}
