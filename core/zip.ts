import { rangeWithin, wholeOf } from './byte-range.ts';
import type { ByteRange } from './byte-range.ts';
import { crc32 } from './crc32.ts';
import { DataError } from './errors.ts';

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localEntry = 0x04034b50;
/** A weight file has some dozens. */
const mostEntries = 10_000;
/** Bytes of a name: PyTorch's have twenty. */
const longestName = 1024;
/** Bytes of the directory: a hundred for each of those dozens. */
const longestDirectory = 1 << 22;

/** Raw deflate, which never makes more than `atMost` bytes: throws when it would, or when the stream is damaged. */
export type Inflate = (bytes: Uint8Array, atMost: number) => Uint8Array;

/** How compressed entries are read; without it they are refused. */
export interface ZipInflation {
  readonly inflate: Inflate;
  /** Bytes that all entries which are read may come to. */
  readonly mostBytes: number;
}

export interface ZipArchive {
  readonly names: readonly string[];
  /** An entry; undefined where there is none of this name. @throws {DataError} when it cannot be read, or its header is not where it should be */
  find(name: string): ZipEntry | undefined;
}

export interface ZipEntry {
  /** Bytes once it is inflated. */
  readonly length: number;
  /** In the file. */
  readonly offset: number;
  /** Its bytes, their check sum verified; a view where it is stored and in memory. @throws {DataError} */
  read(): Uint8Array;
  /** The same, not kept for another reading: for what is converted at once. @throws {DataError} */
  take(): Uint8Array;
  /** The same, to be read in parts: verified part by part, so that an entry that is stored need not be in memory whole. @throws {DataError} */
  range(): ByteRange;
}

interface Listed {
  readonly method: number;
  readonly flags: number;
  readonly checksum: number;
  readonly length: number;
  /** In the archive. */
  readonly packed: number;
  /** Of the local header. */
  readonly at: number;
  /** Of the entry in the directory, for messages. */
  readonly listedAt: number;
}

/**
 * Reads a ZIP archive's directory. Encrypted entries, and compressed ones without `inflation`, are refused when they are read; a name that leads
 * out of the archive is refused at once.
 * @param file what a person would call the file, for messages
 * @throws {DataError} with the byte offset for every kind of damage.
 *
 * Source: APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.16 (little-endian throughout).
 */
export function openZip(bytes: ByteRange, file: string, inflation?: ZipInflation): ZipArchive {
  const tail = viewOf(bytes, Math.max(0, bytes.length - 22 - 0xffff), bytes.length);
  const endInTail = findEnd(tail);
  const end = endInTail < 0 ? -1 : bytes.length - tail.byteLength + endInTail;
  if (end < 0)
    throw failure(file, 'has no end of a ZIP directory: the file is cut off or no ZIP archive', bytes.length);
  const count = tail.getUint16(endInTail + 10, true);
  if (count > mostEntries)
    throw failure(file, `the directory claims ${count} entries, expected at most ${mostEntries}`, end);
  const entries = new Map<string, Listed>();
  const begin = tail.getUint32(endInTail + 16, true);
  let at = begin;
  const directory = viewOf(bytes, Math.min(begin, end), Math.min(end, begin + longestDirectory));
  for (let i = 0; i < count; i++) {
    const own = at - begin;
    if (own + 46 > directory.byteLength || directory.getUint32(own, true) !== directoryEntry)
      throw failure(file, `entry ${i + 1} of ${count} of the ZIP directory is not where it should be`, at);
    const nameLength = directory.getUint16(own + 28, true);
    if (nameLength > longestName)
      throw failure(file, `entry ${i + 1} has a name of ${nameLength} bytes, expected at most ${longestName}`, at);
    const next = at + 46 + nameLength + directory.getUint16(own + 30, true) + directory.getUint16(own + 32, true);
    if (next - begin > directory.byteLength)
      throw failure(file, `entry ${i + 1} of the ZIP directory reaches beyond its end`, at);
    const name = new TextDecoder().decode(
      new Uint8Array(directory.buffer, directory.byteOffset + own + 46, nameLength),
    );
    if (/^[/\\]|\0|(^|[/\\])\.\.([/\\]|$)/.test(name))
      throw failure(
        file,
        `the ZIP directory has an entry ${JSON.stringify(name.slice(0, 200))}, whose name leads out of it`,
        at,
      );
    if (entries.has(name)) throw failure(file, `the ZIP directory lists '${name}' twice`, at);
    entries.set(name, {
      flags: directory.getUint16(own + 8, true),
      method: directory.getUint16(own + 10, true),
      checksum: directory.getUint32(own + 16, true),
      packed: directory.getUint32(own + 20, true),
      length: directory.getUint32(own + 24, true),
      at: directory.getUint32(own + 42, true),
      listedAt: at,
    });
    at = next;
  }
  const found = new Map<string, ZipEntry>();
  let total = 0;
  let inflated = 0;
  return {
    names: [...entries.keys()],
    find: (name) => {
      const listed = entries.get(name);
      if (listed === undefined) return undefined;
      let entry = found.get(name);
      if (entry === undefined) {
        // Entries do not overlap; many that name the same bytes would take quadratic time.
        total += listed.packed;
        if (total > bytes.length) throw failure(file, `'${name}' overlaps other entries`, listed.listedAt);
        if (listed.method === 8 && inflation !== undefined) {
          // What it says of its size: more than that is never made.
          inflated += listed.length;
          if (inflated > inflation.mostBytes)
            throw failure(
              file,
              `'${name}' would have ${listed.length} bytes once inflated; all entries may have ${inflation.mostBytes}`,
              listed.listedAt,
            );
        }
        entry = new FoundEntry(bytes, name, listed, file, inflation?.inflate);
        found.set(name, entry);
      }
      return entry;
    },
  };
}

function viewOf(bytes: ByteRange, begin: number, end: number): DataView {
  const part = bytes.subarray(begin, end);
  return new DataView(part.buffer, part.byteOffset, part.length);
}

/** The end record is the last 22 bytes, or earlier by the length of a comment; -1: none. */
function findEnd(view: DataView): number {
  for (let at = view.byteLength - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== endOfDirectory) continue;
    if (at + 22 + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return -1;
}

class FoundEntry implements ZipEntry {
  readonly length: number;
  readonly offset: number;
  readonly #name: string;
  readonly #file: string;
  readonly #checksum: number;
  readonly #packed: ByteRange;
  readonly #inflate: Inflate | undefined;
  #verified: ByteRange | undefined;

  constructor(bytes: ByteRange, name: string, listed: Listed, file: string, inflate: Inflate | undefined) {
    const { at, length, packed, listedAt } = listed;
    if ((listed.flags & 1) !== 0) throw failure(file, `'${name}' is encrypted`, listedAt);
    const deflated = listed.method === 8 && inflate !== undefined;
    if (listed.method !== 0 && !deflated)
      throw failure(
        file,
        inflate === undefined
          ? `'${name}' is compressed (ZIP method ${listed.method}), expected it stored as PyTorch writes it`
          : `'${name}' is compressed by ZIP method ${listed.method}, expected it stored (0) or deflated (8)`,
        listedAt,
      );
    if (!deflated && packed !== length)
      throw failure(file, `'${name}' is stored in ${packed} bytes but has ${length}, expected as many`, listedAt);
    const header = at + 30 > listedAt ? undefined : viewOf(bytes, at, at + 30);
    if (header?.getUint32(0, true) !== localEntry)
      throw failure(file, `the header of '${name}' is not at byte ${at}, where the ZIP directory says`, listedAt);
    const offset = at + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    if (offset + packed > bytes.length)
      throw failure(file, `'${name}' has ${bytes.length - offset} bytes, expected ${packed}`, offset);
    this.length = length;
    this.offset = offset;
    this.#name = name;
    this.#file = file;
    this.#checksum = listed.checksum;
    this.#packed = rangeWithin(bytes, offset, offset + packed);
    this.#inflate = deflated ? inflate : undefined;
  }

  read(): Uint8Array {
    return wholeOf((this.#verified ??= this.take()));
  }

  take(): Uint8Array {
    const stored = wholeOf(this.#packed);
    const content =
      this.#inflate === undefined
        ? stored
        : inflateEntry(stored, this.length, this.#inflate, this.#name, this.#file, this.offset);
    this.#verify(content);
    return content;
  }

  range(): ByteRange {
    if (this.#inflate !== undefined) return this.read();
    if (this.#verified === undefined) this.#verify(this.#packed);
    return (this.#verified ??= this.#packed);
  }

  #verify(content: ByteRange): void {
    const checksum = crc32(content);
    if (checksum !== this.#checksum)
      throw failure(
        this.#file,
        `the check sum of '${this.#name}' is ${checksum.toString(16)}, expected ${this.#checksum.toString(16)}: its bytes are damaged`,
        this.offset,
      );
  }
}

function inflateEntry(
  packed: Uint8Array,
  length: number,
  inflate: Inflate,
  name: string,
  file: string,
  offset: number,
): Uint8Array {
  let content: Uint8Array;
  try {
    content = inflate(packed, length);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw failure(file, `'${name}' cannot be inflated to ${length} bytes: ${reason}`, offset);
  }
  if (content.length !== length)
    throw failure(file, `'${name}' has ${content.length} bytes once inflated, expected ${length}`, offset);
  return content;
}

function failure(file: string, message: string, at: number): DataError {
  return new DataError(`${message} (byte ${at})`, { place: { file } });
}
