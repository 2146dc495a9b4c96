import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { change } from "../../api/client";
import { rerunPlan, rerunPath } from "../../api/queries";
import type { Answer as AnswerDocument, RerunPlan, Run } from "../../api/types";
import { useMayChange } from "../../app/Account";
import { Trouble } from "../../app/Answer";
import { Command, Copy, Dialog, Loading } from "../../design/parts";
import { cli, curl } from "../../logic/commands";
import { counted } from "../../logic/numbers";
import { isEnded } from "../../logic/states";

export function Actions({ run }: { run: Run }) {
  const mayChange = useMayChange();
  const hasFailed = (run.tasks ?? []).some((task) => ["failed", "upstream_failed", "blocked"].includes(task.state));
  return (
    <div className="actions">
      <Copy text={cli("runs show", [run.number])} label="Copy as command" />
      <Copy text={curl(window.location.origin, "GET", `/api/runs/${run.number}`)} label="Copy as curl" />
      {mayChange && hasFailed && <RerunButton run={run} main />}
      {mayChange && !isEnded(run.state) && <CancelButton run={run} />}
    </div>
  );
}

/** Runs again what failed, or a task with all that comes after it, or the task alone. What will run is shown first. */
export function RerunButton({ run, task, main = false }: { run: Run; task?: string; main?: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const mayChange = useMayChange();
  if (!mayChange) {
    return null;
  }
  return (
    <>
      <button type="button" className={main ? "button main" : "button"} onClick={() => setOpen(true)}>
        {task ? "Rerun …" : "Rerun what failed …"}
      </button>
      <Dialog title={task ? `Rerun ${task} of run ${run.number}` : `Rerun what failed in run ${run.number}`} open={isOpen} onClose={() => setOpen(false)}>
        <RerunForm run={run} task={task} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

type Mode = "from_failed" | "from" | "only";

function RerunForm({ run, task, onDone }: { run: Run; task: string | undefined; onDone: () => void }) {
  const isInstance = task?.includes("[") ?? false;
  const [mode, setMode] = useState<Mode>(task ? (isInstance ? "only" : "from") : "from_failed");
  const [reason, setReason] = useState("");
  const body = { mode, task: task ?? null, reason: reason || "rerun from the page" };
  const plan = useQuery({ queryKey: ["rerun", run.number, mode, task], queryFn: ({ signal }) => rerunPlan(run.number, mode, task, signal), retry: false });
  const options = mode === "from_failed" ? { "from-failed": true } : mode === "from" ? { from: task } : { only: task };
  return (
    <Asking
      send={() => change<AnswerDocument>("POST", rerunPath(run.number), body)}
      submit={plan.data ? `Rerun ${counted(plan.data.tasks.length, "task")}` : "Rerun"}
      isReady={plan.data !== undefined}
      command={cli("rerun", [run.number], { ...options, reason })}
      call={curl(window.location.origin, "POST", rerunPath(run.number), body)}
      onDone={onDone}
    >
      {task && !isInstance && (
        <fieldset className="row wide" style={{ border: 0, margin: 0, padding: 0 }}>
          <legend className="visually-hidden">What runs again</legend>
          <label className="tick">
            <input type="radio" name="mode" checked={mode === "from"} onChange={() => setMode("from")} /> {task} and all that comes after it
          </label>
          <label className="tick">
            <input type="radio" name="mode" checked={mode === "only"} onChange={() => setMode("only")} /> {task} alone
          </label>
        </fieldset>
      )}
      {plan.error ? <Trouble error={plan.error} /> : plan.data ? <Plan plan={plan.data} /> : <Loading what="what would run" />}
      <Reason value={reason} onChange={setReason} />
    </Asking>
  );
}

function Plan({ plan }: { plan: RerunPlan }) {
  return (
    <div>
      <h3>These run again; the others keep what they did</h3>
      <ul className="reasons">
        {plan.tasks.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
    </div>
  );
}

function CancelButton({ run }: { run: Run }) {
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const path = `/api/runs/${run.number}/cancel`;
  const body = { reason: reason || "cancelled from the page" };
  return (
    <>
      <button type="button" className="button danger" onClick={() => setOpen(true)}>
        Cancel run …
      </button>
      <Dialog title={`Cancel run ${run.number}`} open={isOpen} onClose={() => setOpen(false)}>
        <Asking send={() => change<AnswerDocument>("POST", path, body)} submit="Cancel the run" danger isReady command={cli("cancel", [run.number], { reason })} call={curl(window.location.origin, "POST", path, body)} onDone={() => setOpen(false)}>
          <p>What runs is stopped, what has not begun never begins. What is published stays.</p>
          <Reason value={reason} onChange={setReason} />
        </Asking>
      </Dialog>
    </>
  );
}

export function MarkButton({ run, task }: { run: Run; task: string }) {
  const [isOpen, setOpen] = useState(false);
  const [state, setState] = useState("success");
  const [reason, setReason] = useState("");
  const mayChange = useMayChange();
  const path = `/api/runs/${run.number}/tasks/${encodeURIComponent(task)}/mark`;
  const body = { state, reason: reason || "marked from the page" };
  if (!mayChange) {
    return null;
  }
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        Mark …
      </button>
      <Dialog title={`Mark ${task} of run ${run.number}`} open={isOpen} onClose={() => setOpen(false)}>
        <Asking send={() => change<AnswerDocument>("POST", path, body)} submit={`Mark as ${state}`} isReady command={cli("mark", [run.number, task, state], { reason })} call={curl(window.location.origin, "POST", path, body)} onDone={() => setOpen(false)}>
          <p>Decides its state by hand; what comes after it goes on from there. A running attempt is stopped first.</p>
          <label className="field">
            State
            <select className="input" value={state} onChange={(event) => setState(event.target.value)}>
              <option>success</option>
              <option>failed</option>
              <option>skipped</option>
            </select>
          </label>
          <Reason value={reason} onChange={setReason} />
        </Asking>
      </Dialog>
    </>
  );
}

export function Reason({ value, onChange, label = "Reason, kept in the history" }: { value: string; onChange: (value: string) => void; label?: string }) {
  return (
    <label className="field">
      {label}
      <input className="input" value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}

/** A change that is asked for: the form, the same as a command and as a call, and what the server says. */
export function Asking({ send, submit, danger = false, isReady, command, call, onDone, onCancel = onDone, children }: { send: () => Promise<unknown>; submit: string; danger?: boolean; isReady: boolean; command?: string; call?: string; onDone: () => void; onCancel?: () => void; children: ReactNode }) {
  const queries = useQueryClient();
  const asking = useMutation({
    mutationFn: send,
    onSuccess: () => {
      // Done is what the server has done; the view is read anew meanwhile.
      void queries.invalidateQueries();
      onDone();
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        asking.mutate();
      }}
    >
      {children}
      {asking.error && <Trouble error={asking.error} />}
      <div className="row">
        <button type="submit" className={danger ? "button danger" : "button main"} disabled={!isReady || asking.isPending}>
          {submit}
        </button>
        <button type="button" className="button plain" onClick={onCancel}>
          Not now
        </button>
      </div>
      {command && (
        <details>
          <summary className="small soft">The same from a terminal</summary>
          <div className="stack tight">
            <Command text={command} label="Copy as command" />
            {call && <Command text={call} label="Copy as curl" />}
          </div>
        </details>
      )}
    </form>
  );
}
