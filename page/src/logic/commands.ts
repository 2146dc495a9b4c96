/** A word for the shell: quoted when it must be. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command of the command line: `signalbox rerun 12 --from features`. Options without a value are left out. */
export function cli(verb: string, args: readonly (string | number)[], options: Record<string, string | number | boolean | null | undefined> = {}): string {
  const words = ["signalbox", ...verb.split(" "), ...args.map((arg) => quoted(String(arg)))];
  for (const [name, value] of Object.entries(options)) {
    if (value === true) {
      words.push(`--${name}`);
    } else if (value !== false && value !== null && value !== undefined && value !== "") {
      words.push(`--${name}`, quoted(String(value)));
    }
  }
  return words.join(" ");
}

/** The same as a call of the API. The token stays in the environment, so that it stands in no history of a shell. */
export function curl(origin: string, method: string, path: string, body?: unknown): string {
  const words = ["curl", "-sS"];
  if (method !== "GET") {
    words.push("-X", method);
  }
  words.push("-H", '"Authorization: Bearer $SIGNALBOX_TOKEN"');
  if (body !== undefined) {
    words.push("-H", quoted("Content-Type: application/json"), "-d", quoted(JSON.stringify(body)));
  }
  words.push(quoted(origin + path));
  return words.join(" ");
}
