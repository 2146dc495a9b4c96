export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
  before: number | null;
  after: number | null;
}

/** The lines of two texts, what was removed before what was added; by the longest common subsequence. */
export function diffOf(before: string, after: string): DiffLine[] {
  const [a, b] = [before.replace(/\n$/, "").split("\n"), after.replace(/\n$/, "").split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) {
    start++;
  }
  let ends = 0;
  while (ends < a.length - start && ends < b.length - start && a[a.length - 1 - ends] === b[b.length - 1 - ends]) {
    ends++;
  }
  const [rows, columns] = [a.length - start - ends, b.length - start - ends];
  const common = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      common[i]![j] = a[start + i] === b[start + j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  const same = (i: number, j: number) => lines.push({ kind: "same", text: a[i]!, before: i + 1, after: j + 1 });
  for (let i = 0; i < start; i++) {
    same(i, i);
  }
  for (let i = 0, j = 0; i < rows || j < columns; ) {
    if (i < rows && j < columns && a[start + i] === b[start + j]) {
      same(start + i++, start + j++);
    } else if (i < rows && (j >= columns || common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push({ kind: "removed", text: a[start + i]!, before: start + ++i, after: null });
    } else {
      lines.push({ kind: "added", text: b[start + j]!, before: null, after: start + ++j });
    }
  }
  for (let i = a.length - ends; i < a.length; i++) {
    same(i, i - a.length + b.length);
  }
  return lines;
}

/** The changed lines with `around` lines beside each; null stands for what is left out. */
export function contextOf(lines: readonly DiffLine[], around = 3): (DiffLine | null)[] {
  const near = new Set<number>();
  lines.forEach((line, index) => {
    if (line.kind !== "same") {
      for (let i = index - around; i <= index + around; i++) {
        near.add(i);
      }
    }
  });
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, index) => {
    if (near.has(index)) {
      shown.push(line);
    } else if (shown.at(-1) !== null) {
      shown.push(null);
    }
  });
  return shown;
}
