import { useState } from "react";
import { change } from "../../api/client";
import type { Answer as AnswerDocument, Approval } from "../../api/types";
import { useMayChange } from "../../app/Account";
import { ParamField } from "../../app/ParamField";
import { At } from "../../app/preferences";
import { Dialog } from "../../design/parts";
import { answerCommand, askingTask, formOf, whoText } from "../../logic/approvals";
import { curl } from "../../logic/commands";
import { readParams, textOfDefault } from "../../logic/params";
import { wordsOf } from "../../logic/states";
import { Asking, Reason } from "../run/Actions";

/** Approves or rejects what a task asks; nothing for who may not change anything. */
export function AnswerButtons({ asked }: { asked: Approval }) {
  const mayChange = useMayChange();
  const [open, setOpen] = useState<"approved" | "rejected" | null>(null);
  const task = askingTask(asked);
  if (!mayChange) {
    return <span className="small faint">The role admin answers.</span>;
  }
  return (
    <>
      <button type="button" className="button main" onClick={() => setOpen("approved")} aria-label={`Approve ${task} of run ${asked.run} …`}>
        Approve …
      </button>
      <button type="button" className="button danger" onClick={() => setOpen("rejected")} aria-label={`Reject ${task} of run ${asked.run} …`}>
        Reject …
      </button>
      <Dialog title={`${open === "rejected" ? "Reject" : "Approve"} ${task} of ${asked.pipeline}, ${asked.partition}`} open={open !== null} onClose={() => setOpen(null)}>
        <AnswerForm asked={asked} approves={open === "approved"} onDone={() => setOpen(null)} />
      </Dialog>
    </>
  );
}

function AnswerForm({ asked, approves, onDone }: { asked: Approval; approves: boolean; onDone: () => void }) {
  const [reason, setReason] = useState("");
  const [texts, setTexts] = useState<Record<string, string>>({});
  const schema = formOf(asked);
  const { params, problems } = approves ? readParams(schema, texts) : { params: {}, problems: {} as Record<string, string> };
  const path = `/api/runs/${asked.run}/tasks/${encodeURIComponent(askingTask(asked))}/answer`;
  const body = { decision: approves ? "approved" : "rejected", reason: reason.trim() || null, form: params };
  return (
    <Asking
      send={() => change<AnswerDocument>("POST", path, body)}
      submit={approves ? "Approve" : "Reject"}
      danger={!approves}
      isReady={Object.keys(problems).length === 0 && (approves || reason.trim() !== "")}
      command={answerCommand(asked, approves, reason.trim(), params)}
      call={curl(window.location.origin, "POST", path, body)}
      onDone={onDone}
    >
      <Question asked={asked} />
      {approves && Object.entries(schema.properties).map(([name, property]) => <ParamField key={name} name={name} property={property} text={texts[name] ?? textOfDefault(property)} problem={problems[name]} onChange={(text) => setTexts((before) => ({ ...before, [name]: text }))} />)}
      {!approves && <p>One rejection is enough: the task {asked.on_reject === "skip" ? "is skipped" : "fails"}, and what comes after it follows from that.</p>}
      <Reason value={reason} onChange={setReason} label={approves ? "Comment, kept with the answer" : "Why, kept with the answer; it must be given"} />
    </Asking>
  );
}

/** What is asked, of whom, until when, and what was answered so far. */
export function Question({ asked }: { asked: Approval }) {
  return (
    <div className="stack tight">
      <p className="breaks">{asked.message}</p>
      <p className="small soft">
        {whoText(asked)} Asked <At at={asked.asked_at} />
        {asked.deadline && (
          <>
            {" "}
            and open until <At at={asked.deadline} />; then the task {asked.on_timeout === "approve" ? "is taken as approved" : asked.on_timeout === "skip" ? "is skipped" : "fails"}
          </>
        )}
        .
      </p>
      {asked.answers.length > 0 && (
        <ul className="small reasons">
          {asked.answers.map((answer) => (
            <li key={`${answer.who}.${answer.at}`}>
              {answer.who} {wordsOf(answer.decision)}
              {answer.reason && `: ${answer.reason}`}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
