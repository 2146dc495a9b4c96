import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { change } from "../../api/client";
import { backfillQuery } from "../../api/queries";
import type { Answer as AnswerDocument, Backfill as BackfillDocument } from "../../api/types";
import { useMayChange } from "../../app/Account";
import { Answer } from "../../app/Answer";
import { Copy, Dialog, Panel } from "../../design/parts";
import { Signal, State } from "../../design/Signal";
import { progressText, statesOf } from "../../logic/backfill";
import { cli, curl } from "../../logic/commands";
import { counted } from "../../logic/numbers";
import { isEnded, wordsOf } from "../../logic/states";
import { Asking, Reason } from "../run/Actions";
import { Progress } from "./Backfills";
import "../run/run.css";
import "./backfills.css";

const mostListed = 50;

const dayOf = (run: { logical_date: string }) => run.logical_date.slice(0, 10);

export function Backfill() {
  const { id } = useParams({ from: "/backfills/$id" });
  const backfill = useQuery(backfillQuery(id));
  return <Answer of={backfill} what={`backfill ${id}`}>{(document) => <Shown id={id} backfill={document} />}</Answer>;
}

function Shown({ id, backfill }: { id: string; backfill: BackfillDocument }) {
  const mayChange = useMayChange();
  const states = statesOf(backfill.runs);
  const isGoing = !isEnded(backfill.state);
  const failed = backfill.runs.filter((run) => run.state === "failed" || run.state === "cancelled");
  return (
    <div className="stack wide">
      <div className="title">
        <div>
          <p className="crumbs">
            <Link to="/backfills">Backfills</Link>
          </p>
          <div className="row wide">
            <h1>
              Backfill {id} of{" "}
              <Link to="/pipelines/$name" params={{ name: backfill.pipeline }} className="quiet">
                {backfill.pipeline}
              </Link>
            </h1>
            <State state={backfill.state} />
          </div>
          {backfill.reason && <p>{backfill.reason}</p>}
        </div>
        <div className="actions">
          <Copy text={cli("backfill show", [id])} label="Copy as command" />
          <Copy text={curl(window.location.origin, "GET", `/api/backfills/${id}`)} label="Copy as curl" />
          {mayChange && isGoing && <Steer id={id} deed={backfill.state === "paused" ? "resume" : "pause"} />}
          {mayChange && isGoing && <Steer id={id} deed="cancel" />}
          {mayChange && !isGoing && failed.length > 0 && (
            <Link to="/backfills/new" search={{ pipeline: backfill.pipeline, from: backfill.runs.map(dayOf).sort()[0], to: backfill.runs.map(dayOf).sort().at(-1), which: "failed" }} className="button main">
              Backfill what failed …
            </Link>
          )}
        </div>
      </div>
      <Panel title="Progress" note={`${progressText(states)}${backfill.version ? `, each with version ${backfill.version}` : ""}`}>
        <div className="stack">
          <Progress states={states} />
          <div className="date-cells">
            {backfill.runs.map((run) =>
              run.run_number === null ? (
                <span key={`${run.logical_date}.${run.partition}`} title={run.reason ?? wordsOf(run.state)}>
                  <Signal state={run.state} title={wordsOf(run.state)} />
                  {run.partition}
                </span>
              ) : (
                <Link key={`${run.logical_date}.${run.partition}`} to="/runs/$number" params={{ number: String(run.run_number) }} title={`run ${run.run_number}: ${wordsOf(run.state)}`}>
                  <Signal state={run.state} title={wordsOf(run.state)} />
                  {run.partition}
                </Link>
              ),
            )}
          </div>
        </div>
      </Panel>
      {failed.length > 0 && (
        <Panel title="Not done" note={counted(failed.length, "date")}>
          <ul className="reasons">
            {failed.slice(0, mostListed).map((run) => (
              <li key={`${run.logical_date}.${run.partition}`}>
                {run.run_number === null ? (
                  run.partition
                ) : (
                  <Link to="/runs/$number" params={{ number: String(run.run_number) }}>
                    {run.partition}, run {run.run_number}
                  </Link>
                )}
                : {wordsOf(run.state)}
                {run.reason && run.reason !== backfill.reason && `, ${run.reason}`}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}

/** Pauses, resumes or cancels it. */
function Steer({ id, deed }: { id: string; deed: "pause" | "resume" | "cancel" }) {
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const { word, what } = deeds[deed];
  const path = `/api/backfills/${id}/${deed}`;
  const body = { reason: reason || `${deed} asked for on the page` };
  return (
    <>
      <button type="button" className={deed === "cancel" ? "button danger" : "button"} onClick={() => setOpen(true)}>
        {word} …
      </button>
      <Dialog title={`${word} backfill ${id}`} open={isOpen} onClose={() => setOpen(false)}>
        <Asking send={() => change<AnswerDocument>("POST", path, body)} submit={`${word} the backfill`} danger={deed === "cancel"} isReady command={cli(`backfill ${deed}`, [id], { reason })} call={curl(window.location.origin, "POST", path, body)} onDone={() => setOpen(false)}>
          <p>{what}</p>
          <Reason value={reason} onChange={setReason} />
        </Asking>
      </Dialog>
    </>
  );
}

const deeds = {
  pause: { word: "Pause", what: "No more of its runs begin; what runs goes on to its end." },
  resume: { word: "Resume", what: "Its runs begin again, from the first date that waits." },
  cancel: { word: "Cancel", what: "What runs is cancelled, what waits never begins. What was published stays." },
};
