/** A part of a log: whole lines between two places, and what follows the last line break when it is the end. Places count bytes. */
export interface LogWindow {
  start: number;
  end: number;
  total: number;
  lines: string[];
  tail: string;
}

export const chunkBytes = 256 * 1024;

/** More lines than this are not kept: those at the far end go, and come again when they are scrolled to. */
export const mostLines = 40_000;

const newline = 10;
const decoder = new TextDecoder();

/** What a range of bytes holds. A line that was cut at the front belongs to what is before; one cut at the end to what comes after. */
export function windowOf(bytes: Uint8Array, at: number, total: number): LogWindow {
  let from = 0;
  if (at > 0) {
    const first = bytes.indexOf(newline);
    from = first < 0 ? 0 : first + 1;
  }
  const isEnd = at + bytes.length >= total;
  const last = bytes.lastIndexOf(newline);
  // A line longer than the range has no break in it: it is shown in pieces.
  const to = last >= from ? last + 1 : isEnd ? from : bytes.length;
  return {
    start: at + from,
    end: at + to,
    total,
    lines: linesIn(bytes.subarray(from, to)),
    tail: isEnd ? decoder.decode(bytes.subarray(to)) : "",
  };
}

function linesIn(bytes: Uint8Array): string[] {
  if (bytes.length === 0) {
    return [];
  }
  const text = decoder.decode(bytes);
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

/** The window with what was read after it. */
export function withLater(window: LogWindow, bytes: Uint8Array, total: number): LogWindow {
  const isEnd = window.end + bytes.length >= total;
  const last = bytes.lastIndexOf(newline);
  const to = last >= 0 ? last + 1 : isEnd ? 0 : bytes.length;
  const lines = [...window.lines, ...linesIn(bytes.subarray(0, to))];
  const dropped = Math.max(0, lines.length - mostLines);
  const start = dropped > 0 ? window.start + bytesOf(lines.slice(0, dropped)) : window.start;
  return { start, end: window.end + to, total, lines: dropped > 0 ? lines.slice(dropped) : lines, tail: isEnd ? decoder.decode(bytes.subarray(to)) : "" };
}

/** The window with what was read before it, and how many lines that is. `bytes` ends where the window starts. */
export function withEarlier(window: LogWindow, bytes: Uint8Array): { window: LogWindow; added: number } {
  const at = window.start - bytes.length;
  let from = 0;
  if (at > 0) {
    const first = bytes.indexOf(newline);
    from = first < 0 || first === bytes.length - 1 ? 0 : first + 1;
  }
  const earlier = linesIn(bytes.subarray(from));
  const lines = [...earlier, ...window.lines];
  const dropped = Math.max(0, lines.length - mostLines);
  const end = dropped > 0 ? window.end - bytesOf(lines.slice(lines.length - dropped)) : window.end;
  return { window: { start: at + from, end, total: window.total, lines: dropped > 0 ? lines.slice(0, lines.length - dropped) : lines, tail: dropped > 0 ? "" : window.tail }, added: earlier.length };
}

/** Bytes of whole lines with their breaks. Text that is no UTF-8 counts as what stands for it. */
function bytesOf(lines: readonly string[]): number {
  const encoder = new TextEncoder();
  return lines.reduce((sum, line) => sum + encoder.encode(line).length + 1, 0);
}

/** The bytes that hold what a person looks for, first and last, in `Content-Range: bytes 0-9/200`; null when the header is another. */
export function rangeOf(header: string | null): { from: number; to: number; total: number } | null {
  const found = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(header ?? "");
  return found ? { from: Number(found[1] ?? 0), to: Number(found[2] ?? -1), total: Number(found[3]) } : null;
}

/** Where a text is found in bytes, whatever the case of its Latin letters; -1 when it is not. */
export function placeOf(bytes: Uint8Array, text: string): number {
  return lettersOf(bytes).indexOf(lettersOf(new TextEncoder().encode(text)));
}

/** One letter a byte, so that places in the text are places in the bytes. */
function lettersOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Indices of the lines that hold a text. */
export function matchesOf(lines: readonly string[], text: string): number[] {
  if (!text) {
    return [];
  }
  const wanted = text.toLowerCase();
  const found: number[] = [];
  for (let index = 0; index < lines.length; index++) {
    if (lines[index]!.toLowerCase().includes(wanted)) {
      found.push(index);
    }
  }
  return found;
}
