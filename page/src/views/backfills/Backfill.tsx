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
import "./backfills.css";

export function Backfill() {
  const { id } = useParams({ from: "/backfills/$id" });
  const backfill = useQuery(backfillQuery(id));
  return <Answer of={backfill} what={`backfill ${id}`}>{(document) => <Shown id={id} backfill={document} />}</Answer>;
}

function Shown({ id, backfill }: { id: string; backfill: BackfillDocument }) {
  const states = statesOf(backfill.runs);
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
          {!isEnded(backfill.state) && <Cancel id={id} />}
        </div>
      </div>
      <Panel title="Progress" note={progressText(states)}>
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
      {backfill.skipped.length > 0 && (
        <Panel title="Left out" note={counted(backfill.skipped.length, "date")}>
          <ul className="reasons">
            {backfill.skipped.map((one) => (
              <li key={`${one.logical_date}.${one.partition}`}>
                {one.partition}: {one.reason}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}

function Cancel({ id }: { id: string }) {
  const mayChange = useMayChange();
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const path = `/api/backfills/${id}/cancel`;
  const body = { reason: reason || "cancelled from the page" };
  if (!mayChange) {
    return null;
  }
  return (
    <>
      <button type="button" className="button danger" onClick={() => setOpen(true)}>
        Cancel backfill …
      </button>
      <Dialog title={`Cancel backfill ${id}`} open={isOpen} onClose={() => setOpen(false)}>
        <Asking send={() => change<AnswerDocument>("POST", path, body)} submit="Cancel the backfill" danger isReady command={cli("backfill cancel", [id], { reason })} call={curl(window.location.origin, "POST", path, body)} onDone={() => setOpen(false)}>
          <p>What runs is cancelled, what waits never begins. What was published stays.</p>
          <Reason value={reason} onChange={setReason} />
        </Asking>
      </Dialog>
    </>
  );
}
