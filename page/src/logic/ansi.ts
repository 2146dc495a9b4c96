/** A stretch of a line of a log in one style. */
export interface Piece {
  text: string;
  classes: string;
}

const colours = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

interface Style {
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  colour: string | null;
}

const plain: Style = { bold: false, dim: false, italic: false, underline: false, colour: null };

/** What a terminal would show of a line: colours and weights become classes, every other control sequence is left out, and `\r` overwrites. */
export function piecesOf(line: string): Piece[] {
  const shown = line.includes("\r") ? overwritten(line) : line;
  if (!shown.includes("\u001b")) {
    return [{ text: shown, classes: "" }];
  }
  const pieces: Piece[] = [];
  let style = plain;
  // The colour sequences, other control sequences, and those that set a window's title.
  const sequence = /\u001b(?:\[([0-9;:]*)m|\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g;
  let from = 0;
  for (const match of shown.matchAll(sequence)) {
    add(pieces, shown.slice(from, match.index), style);
    from = match.index + match[0].length;
    if (match[1] !== undefined) {
      style = styleAfter(style, match[1]);
    }
  }
  add(pieces, shown.slice(from), style);
  return pieces;
}

/** A progress bar draws over itself: only what it drew last is to be read. */
function overwritten(line: string): string {
  const drawn = line.replace(/\r+$/, "").split("\r");
  return drawn.at(-1) ?? "";
}

function add(pieces: Piece[], text: string, style: Style): void {
  if (text) {
    pieces.push({ text, classes: classesOf(style) });
  }
}

function classesOf(style: Style): string {
  return [style.bold && "ansi-bold", style.dim && "ansi-dim", style.italic && "ansi-italic", style.underline && "ansi-underline", style.colour && `ansi-${style.colour}`].filter(Boolean).join(" ");
}

function styleAfter(before: Style, codes: string): Style {
  let style = before;
  const numbers = (codes || "0").split(/[;:]/).map(Number);
  for (let index = 0; index < numbers.length; index++) {
    const code = numbers[index]!;
    if (code === 0) {
      style = plain;
    } else if (code === 1) {
      style = { ...style, bold: true };
    } else if (code === 2) {
      style = { ...style, dim: true };
    } else if (code === 3) {
      style = { ...style, italic: true };
    } else if (code === 4) {
      style = { ...style, underline: true };
    } else if (code === 22) {
      style = { ...style, bold: false, dim: false };
    } else if (code === 23) {
      style = { ...style, italic: false };
    } else if (code === 24) {
      style = { ...style, underline: false };
    } else if (code >= 30 && code <= 37) {
      style = { ...style, colour: colours[code - 30]! };
    } else if (code >= 90 && code <= 97) {
      style = { ...style, colour: colours[code - 90]! };
    } else if (code === 39) {
      style = { ...style, colour: null };
    } else if (code === 38 || code === 48) {
      // Colours of 256 or 16 million: the nearest of the eight would be a guess, so the text keeps its own.
      index += numbers[index + 1] === 5 ? 2 : 4;
    }
  }
  return style;
}

/** A line without any control sequence: what a search looks through and a copy takes. */
export function textOf(line: string): string {
  return piecesOf(line)
    .map((piece) => piece.text)
    .join("");
}
