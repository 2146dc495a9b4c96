import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { outlookQuery, runQuery, whyQuery } from "../../api/queries";
import type { Run as RunDocument, Outlook } from "../../api/types";
import { Answer } from "../../app/Answer";
import { At, useNow } from "../../app/preferences";
import { Loading } from "../../design/parts";
import { State } from "../../design/Signal";
import { ganttOf, keyOf } from "../../logic/gantt";
import { counted } from "../../logic/numbers";
import { cellText, checksOf, checksText, graphOf, triggeredBy } from "../../logic/run";
import { isEnded, wordsOf } from "../../logic/states";
import { distanceText, durationText, spanSeconds } from "../../logic/time";
import { Actions } from "./Actions";
import { Checks } from "./Checks";
import { Gantt } from "./Gantt";
import { History } from "./History";
import { Outputs } from "./Outputs";
import { Results } from "./Results";
import { TaskSide } from "./TaskSide";
import "./run.css";

const OpenQuestions = lazy(() => import("../approvals/OpenQuestions"));
const Graph = lazy(() => import("./Graph"));

const deadlineStates: Record<string, string> = { open: "none", at_risk: "late", missed: "failed", met: "success" };

export type RunTab = "tasks" | "checks" | "outputs" | "results" | "history";

export function Run() {
  const { number } = useParams({ from: "/runs/$number" });
  const run = useQuery(runQuery(number));
  return <Answer of={run} what={`run ${number}`}>{(detail) => <Shown run={detail} />}</Answer>;
}

function Shown({ run }: { run: RunDocument }) {
  const number = String(run.number);
  const search = useSearch({ from: "/runs/$number" });
  const navigate = useNavigate({ from: "/runs/$number" });
  const picture = useQuery(outlookQuery(number)).data;
  const tasks = useMemo(() => run.tasks ?? [], [run.tasks]);
  const tab: RunTab = search.tab ?? "tasks";
  const now = useNow(run.ended_at ? 60_000 : 500);
  const nodes = useMemo(() => (picture ? graphOf(picture.graph, tasks) : []), [picture, tasks]);
  const chart = ganttOf(run, tasks, picture, now);
  const select = useCallback((task: string | undefined) => void navigate({ search: (before) => ({ ...before, task: before.task === task ? undefined : task }), replace: true, resetScroll: false }), [navigate]);
  const checks = checksOf(tasks);
  const asks = !run.ended_at && (picture?.graph ?? []).some((node) => node.kind === "approve" || node.kind === "promote");
  const chosen = search.task ? tasks.filter((task) => keyOf(task) === search.task || task.task === search.task) : [];
  return (
    <div className="stack wide">
      <Head run={run} picture={picture} now={now} />
      {asks && (
        <Suspense>
          <OpenQuestions run={run.number} />
        </Suspense>
      )}
      <div className={chosen.length > 0 ? "columns" : "stack"}>
        <div className="stack wide">
          <Suspense fallback={<Loading what="the graph" />}>
            <Graph nodes={nodes} selected={chosen[0]?.task} onSelect={select} />
          </Suspense>
          <nav className="tabs" aria-label="About this run">
            <Tab tab="tasks" text="Tasks over time" current={tab} />
            <Tab tab="checks" text={checks.length > 0 ? `Checks (${checksText(checks)})` : "Checks"} current={tab} />
            <Tab tab="outputs" text={`Outputs (${run.published?.length ?? 0})`} current={tab} />
            <Tab tab="results" text={`Results${picture ? ` (${picture.results.length})` : ""}`} current={tab} />
            <Tab tab="history" text="History" current={tab} />
          </nav>
          {tab === "tasks" && <Gantt chart={chart} onSelect={select} />}
          {tab === "checks" && <Checks checks={checks} />}
          {tab === "outputs" && <Outputs published={run.published ?? []} />}
          {tab === "results" && <Results results={picture?.results ?? []} />}
          {tab === "history" && <History number={number} />}
        </div>
        {chosen.length > 0 && <TaskSide run={run} tasks={chosen} picture={picture} now={now} onClose={() => select(search.task)} />}
      </div>
    </div>
  );
}

function Tab({ tab, text, current }: { tab: RunTab; text: string; current: RunTab }) {
  return (
    <Link from="/runs/$number" to="/runs/$number" params={(before) => before} search={(before) => ({ ...before, tab: tab === "tasks" ? undefined : tab })} replace resetScroll={false} activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }} activeProps={{}} aria-current={tab === current ? "page" : undefined} className={tab === current ? "active" : ""}>
      {text}
    </Link>
  );
}

function Head({ run, picture, now }: { run: RunDocument; picture: Outlook | undefined; now: number }) {
  const number = String(run.number);
  const seconds = spanSeconds(run.started_at, run.ended_at, now);
  const params = Object.entries(run.params);
  return (
    <div className="stack">
      <div className="title">
        <div>
          <p className="crumbs">
            <Link to="/runs" search={{ pipeline: run.pipeline }}>
              Runs of {run.pipeline}
            </Link>{" "}
            / {number}
          </p>
          <div className="run-title">
            <h1>
              <Link to="/pipelines/$name" params={{ name: run.pipeline }} className="quiet">
                {run.pipeline}
              </Link>
              , {run.partition}
            </h1>
            <State state={run.state} />
          </div>
          {isEnded(run.state) ? run.reason && run.state !== "success" && <p className="breaks">{run.reason}</p> : <WhyNot number={number} />}
        </div>
        <Actions run={run} />
      </div>
      <dl className="run-facts">
        <Fact name="Triggered by">{run.backfill ? <Link to="/backfills/$id" params={{ id: String(run.backfill) }}>{triggeredBy(run)}</Link> : triggeredBy(run)}</Fact>
        <Fact name="Data interval">
          <At at={run.data_interval_start} /> <span className="faint">to</span> <At at={run.data_interval_end} />
        </Fact>
        <Fact name="Started">
          <At at={run.started_at} seconds />
        </Fact>
        <Fact name={run.ended_at ? "Took" : "So far"}>{seconds === null ? "not yet" : durationText(seconds)}</Fact>
        {!run.ended_at && picture?.expected_end && (
          <Fact name="Expected finish">
            <At at={picture.expected_end} only="time" seconds /> <span className="faint">({distanceText(picture.expected_end, now)})</span>
          </Fact>
        )}
        {picture?.deadlines.map((deadline) => (
          <Fact key={`${deadline.task}.${deadline.rule}`} name={deadline.task ? `Deadline of ${deadline.task}` : "Deadline"}>
            <State state={deadlineStates[deadline.state] ?? "none"} word={wordsOf(deadline.state)} /> <At at={deadline.due_at} />
            <span className="small faint" style={{ display: "block" }}>
              {deadline.reason ?? deadline.rule}
            </span>
          </Fact>
        ))}
        <Fact name="Version">
          <Link to="/pipelines/$name" params={{ name: run.pipeline }} search={{ tab: "versions", version: run.version }} className="mono">
            {run.version}
          </Link>
        </Fact>
        {params.length > 0 && (
          <Fact name={counted(params.length, "parameter")}>
            {params.map(([name, value]) => (
              <span key={name} className="mono small" style={{ display: "block" }}>
                {name} = {cellText(value)}
              </span>
            ))}
          </Fact>
        )}
      </dl>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function WhyNot({ number }: { number: string }) {
  const why = useQuery(whyQuery(number));
  return (
    <ul className="reasons soft" aria-label="Why it is not over">
      {why.data?.reasons.map((reason) => (
        <li key={reason.message}>{reason.message}</li>
      ))}
    </ul>
  );
}

