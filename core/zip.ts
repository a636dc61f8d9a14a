import { DataError } from './errors.ts';

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localEntry = 0x04034b50;
/** A weight file has some dozens. */
const mostEntries = 10_000;
/** Bytes of a name: PyTorch's have twenty. */
const longestName = 1024;

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
  /** The bytes of an entry (a view), their check sum verified; undefined where there is no such entry. @throws {DataError} */
  read(name: string): Content | undefined;
}

interface Content {
  readonly bytes: Uint8Array;
  /** In the file. */
  readonly offset: number;
}

interface Entry {
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
export function openZip(bytes: Uint8Array, file: string, inflation?: ZipInflation): ZipArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = findEnd(view);
  if (end < 0)
    throw failure(file, 'has no end of a ZIP directory: the file is cut off or no ZIP archive', bytes.length);
  const count = view.getUint16(end + 10, true);
  if (count > mostEntries)
    throw failure(file, `the directory claims ${count} entries, expected at most ${mostEntries}`, end);
  const entries = new Map<string, Entry>();
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== directoryEntry)
      throw failure(file, `entry ${i + 1} of ${count} of the ZIP directory is not where it should be`, at);
    const nameLength = view.getUint16(at + 28, true);
    if (nameLength > longestName)
      throw failure(file, `entry ${i + 1} has a name of ${nameLength} bytes, expected at most ${longestName}`, at);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw failure(file, `entry ${i + 1} of the ZIP directory reaches beyond its end`, at);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (/^[/\\]|\0|(^|[/\\])\.\.([/\\]|$)/.test(name))
      throw failure(
        file,
        `the ZIP directory has an entry ${JSON.stringify(name.slice(0, 200))}, whose name leads out of it`,
        at,
      );
    if (entries.has(name)) throw failure(file, `the ZIP directory lists '${name}' twice`, at);
    entries.set(name, {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      length: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
      listedAt: at,
    });
    at = next;
  }
  const verified = new Map<string, Content>();
  let total = 0;
  let inflated = 0;
  return {
    names: [...entries.keys()],
    read: (name) => {
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      let content = verified.get(name);
      if (content === undefined) {
        // Entries do not overlap; many that name the same bytes would take quadratic time.
        total += entry.packed;
        if (total > bytes.length) throw failure(file, `'${name}' overlaps other entries`, entry.listedAt);
        if (entry.method === 8 && inflation !== undefined) {
          // What it says of its size: more than that is never made.
          inflated += entry.length;
          if (inflated > inflation.mostBytes)
            throw failure(
              file,
              `'${name}' would have ${entry.length} bytes once inflated; all entries may have ${inflation.mostBytes}`,
              entry.listedAt,
            );
        }
        content = readEntry(bytes, view, name, entry, file, inflation?.inflate);
        verified.set(name, content);
      }
      return content;
    },
  };
}

/** The end record is the file's last 22 bytes, or earlier by the length of a comment; -1: none. */
function findEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - 22 - 0xffff);
  for (let at = view.byteLength - 22; at >= first; at--) {
    if (view.getUint32(at, true) !== endOfDirectory) continue;
    if (at + 22 + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return -1;
}

function readEntry(
  bytes: Uint8Array,
  view: DataView,
  name: string,
  entry: Entry,
  file: string,
  inflate: Inflate | undefined,
): Content {
  const { at, length, packed, listedAt } = entry;
  if ((entry.flags & 1) !== 0) throw failure(file, `'${name}' is encrypted`, listedAt);
  const deflated = entry.method === 8 && inflate !== undefined;
  if (entry.method !== 0 && !deflated)
    throw failure(
      file,
      inflate === undefined
        ? `'${name}' is compressed (ZIP method ${entry.method}), expected it stored as PyTorch writes it`
        : `'${name}' is compressed by ZIP method ${entry.method}, expected it stored (0) or deflated (8)`,
      listedAt,
    );
  if (!deflated && packed !== length)
    throw failure(file, `'${name}' is stored in ${packed} bytes but has ${length}, expected as many`, listedAt);
  if (at + 30 > listedAt || view.getUint32(at, true) !== localEntry)
    throw failure(file, `the header of '${name}' is not at byte ${at}, where the ZIP directory says`, listedAt);
  const offset = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (offset + packed > bytes.length)
    throw failure(file, `'${name}' has ${bytes.length - offset} bytes, expected ${packed}`, offset);
  const stored = bytes.subarray(offset, offset + packed);
  const content = deflated ? inflateEntry(stored, length, inflate, name, file, offset) : stored;
  const checksum = crc32(content);
  if (checksum !== entry.checksum)
    throw failure(
      file,
      `the check sum of '${name}' is ${checksum.toString(16)}, expected ${entry.checksum.toString(16)}: its bytes are damaged`,
      offset,
    );
  return { bytes: content, offset };
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

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0xedb88320;
  return value;
});

/** CRC-32 with the reflected polynomial 0xedb88320. */
export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) value = (value >>> 8) ^ crcTable[(value ^ bytes[i]!) & 255]!;
  return (value ^ 0xffffffff) >>> 0;
}

function failure(file: string, message: string, at: number): DataError {
  return new DataError(`${message} (byte ${at})`, { place: { file } });
}
