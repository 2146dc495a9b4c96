import type { ParamProperty, ParamSchema } from "../api/types";

/** What stands in a field of the trigger form before anybody types: the default, as text. */
export function textOfDefault(property: ParamProperty): string {
  const value = property.default;
  return value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

export interface Read {
  value?: unknown;
  problem?: string;
}

/** Reads what was typed as the type of the parameter, and says what is wrong with it. An empty field leaves the parameter to its default. */
export function readParam(name: string, text: string, property: ParamProperty, isRequired: boolean): Read {
  if (text === "" && property.type !== "string") {
    return isRequired ? { problem: `${name} has no default: give a value` } : {};
  }
  if (text === "" && property.default === undefined) {
    return isRequired ? { problem: `${name} has no default: give a value` } : {};
  }
  const read = valueOf(name, text, property.type);
  if (read.problem) {
    return read;
  }
  const { value } = read;
  if (property.enum && !property.enum.some((allowed) => JSON.stringify(allowed) === JSON.stringify(value))) {
    return { problem: `${name} is one of ${property.enum.map(String).join(", ")}` };
  }
  if (typeof value === "number" && property.minimum !== undefined && value < property.minimum) {
    return { problem: `${name} is at least ${property.minimum}` };
  }
  if (typeof value === "number" && property.maximum !== undefined && value > property.maximum) {
    return { problem: `${name} is at most ${property.maximum}` };
  }
  return { value };
}

function valueOf(name: string, text: string, type: string | undefined): Read {
  switch (type) {
    case "string":
    case "date":
      return { value: text };
    case "integer":
      return /^[+-]?\d+$/.test(text.trim()) ? { value: Number(text) } : { problem: `${name} is a whole number` };
    case "number":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? { value: Number(text) } : { problem: `${name} is a number` };
    case "boolean":
      return text === "true" || text === "false" ? { value: text === "true" } : { problem: `${name} is true or false` };
    default:
      try {
        return { value: JSON.parse(text) as unknown };
      } catch {
        return type === undefined ? { value: text } : { problem: `${name} is JSON, such as ${type === "array" ? '["a", "b"]' : '{"key": 1}'}` };
      }
  }
}

/** All fields of the form: the parameters that differ from their defaults, or what is wrong, by name. */
export function readParams(schema: ParamSchema, texts: Record<string, string>): { params: Record<string, unknown>; problems: Record<string, string> } {
  const params: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const { value, problem } = readParam(name, texts[name] ?? textOfDefault(property), property, schema.required.includes(name));
    if (problem) {
      problems[name] = problem;
    } else if (value !== undefined && JSON.stringify(value) !== JSON.stringify(property.default)) {
      params[name] = value;
    }
  }
  return { params, problems };
}
