import type { Approval, ParamSchema } from "../api/types";
import { cli } from "./commands";
import { counted } from "./numbers";

/** The key of the task that asks: `promote[3]` for an instance of a mapped one. */
export function askingTask(asked: Pick<Approval, "task" | "map_index">): string {
  return asked.map_index >= 0 ? `${asked.task}[${asked.map_index}]` : asked.task;
}

/** The form of a question, as the schema that the fields of a trigger form have. A field without a default must be given. */
export function formOf(asked: Pick<Approval, "form">): ParamSchema {
  return {
    type: "object",
    properties: Object.fromEntries(asked.form.map((field) => [field.name, { type: field.type, description: field.description ?? undefined, default: field.default ?? undefined }])),
    required: asked.form.filter((field) => field.default === null || field.default === undefined).map((field) => field.name),
  };
}

/** Who may answer, and how many must. */
export function whoText(asked: Pick<Approval, "who" | "quorum" | "not_author" | "author" | "answers">): string {
  const who = asked.who.length === 0 ? "anybody" : asked.who.join(", ");
  const parts = [`May answer: ${who}${asked.not_author && asked.author ? `, but not ${asked.author}, who started the run` : ""}.`];
  if (asked.quorum > 1) {
    parts.push(`${asked.answers.filter((answer) => answer.decision === "approved").length} of ${counted(asked.quorum, "approval")} given.`);
  }
  return parts.join(" ");
}

/** The answer as a command. */
export function answerCommand(asked: Pick<Approval, "run" | "task" | "map_index">, approves: boolean, reason: string, form: Record<string, unknown>): string {
  const fields = Object.entries(form).map(([name, value]) => ` ${cli("", [`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`]).replace("signalbox  ", "--field ")}`);
  return cli(`approvals ${approves ? "approve" : "reject"}`, [asked.run, askingTask(asked)], { reason }) + fields.join("");
}
