import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { change } from "../../api/client";
import { graphQuery, pipelineQuery } from "../../api/queries";
import type { Answer as AnswerDocument, PipelineDetail } from "../../api/types";
import { useMayChange } from "../../app/Account";
import { Answer } from "../../app/Answer";
import { At, useClock, useNow } from "../../app/preferences";
import { Copy, Dialog, Empty, Loading, Panel } from "../../design/parts";
import { State } from "../../design/Signal";
import { cli, curl } from "../../logic/commands";
import { graphOf } from "../../logic/run";
import { wordsOf } from "../../logic/states";
import { distanceText, durationText, weekdayText } from "../../logic/time";
import { Asking, Reason } from "../run/Actions";
import "../run/run.css";
import "./pipelines.css";
import { TriggerForm } from "./TriggerForm";
import { Versions } from "./Versions";

const Graph = lazy(() => import("../run/Graph"));
const Durations = lazy(() => import("./Durations"));

export type PipelineTab = "overview" | "tasks" | "durations" | "versions" | "trigger";

const tabs: { tab: PipelineTab; text: string }[] = [
  { tab: "overview", text: "Overview" },
  { tab: "tasks", text: "Policies" },
  { tab: "durations", text: "Durations" },
  { tab: "versions", text: "Source and versions" },
  { tab: "trigger", text: "Start a run" },
];

export function Pipeline() {
  const { name } = useParams({ from: "/pipelines/$name" });
  const pipeline = useQuery(pipelineQuery(name));
  return <Answer of={pipeline} what={name}>{(detail) => <Shown detail={detail} />}</Answer>;
}

function Shown({ detail }: { detail: PipelineDetail }) {
  const { about } = detail;
  const mayChange = useMayChange();
  const search = useSearch({ from: "/pipelines/$name" });
  const tab = search.tab ?? "overview";
  return (
    <div className="stack wide">
      <div className="title">
        <div>
          <p className="crumbs">
            <Link to="/pipelines">Pipelines</Link>
          </p>
          <h1>{about.pipeline}</h1>
          <p>{about.title}</p>
        </div>
        <div className="actions">
          <Link to="/runs" search={{ pipeline: about.pipeline }} className="button">
            Runs
          </Link>
          {mayChange && (
            <Link to="/backfills/new" search={{ pipeline: about.pipeline }} className="button">
              Backfill …
            </Link>
          )}
          <PauseButton detail={detail} />
        </div>
      </div>
      <nav className="tabs" aria-label="About this pipeline">
        {tabs.map((one) => (
          <Link key={one.tab} from="/pipelines/$name" to="/pipelines/$name" params={{ name: about.pipeline }} search={{ tab: one.tab === "overview" ? undefined : one.tab }} replace resetScroll={false} activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }} activeProps={{}} aria-current={one.tab === tab ? "page" : undefined} className={one.tab === tab ? "active" : ""}>
            {one.text}
          </Link>
        ))}
      </nav>
      {tab === "overview" && <Overview detail={detail} />}
      {tab === "tasks" && <Policies detail={detail} />}
      {tab === "durations" && (
        <Suspense fallback={<Loading what="the durations" />}>
          <Durations pipeline={about.pipeline} />
        </Suspense>
      )}
      {tab === "versions" && <Versions pipeline={about.pipeline} chosen={search.version} against={search.against} />}
      {tab === "trigger" && <TriggerForm detail={detail} />}
    </div>
  );
}

function Overview({ detail }: { detail: PipelineDetail }) {
  const { about } = detail;
  const graph = useQuery(graphQuery(about.pipeline));
  const navigate = useNavigate();
  const nodes = useMemo(() => graphOf(graph.data?.tasks ?? [], []), [graph.data]);
  return (
    <div className="stack wide">
      <p className="breaks">{detail.sentence}</p>
      <Suspense fallback={<Loading what="the graph" />}>
        <Graph nodes={nodes} selected={undefined} onSelect={() => void navigate({ to: "/pipelines/$name", params: { name: about.pipeline }, search: { tab: "tasks" } })} />
      </Suspense>
      <div className="columns">
        <NextRuns detail={detail} />
        <Panel title="About">
          <dl className="facts">
            <dt>File</dt>
            <dd className="mono">{about.file}</dd>
            <dt>Version</dt>
            <dd className="mono">{about.version}</dd>
            <dt>Owner</dt>
            <dd>{about.owner ?? "–"}</dd>
            <dt>Tags</dt>
            <dd className="row">
              {about.tags.map((tag) => (
                <Link key={tag} to="/pipelines" search={{ tag }} className="tag">
                  {tag}
                </Link>
              ))}
              {about.tags.length === 0 && "–"}
            </dd>
            <dt>Schedule</dt>
            <dd>{about.schedule ? `${about.schedule}, ${about.time_zone}` : "by hand"}</dd>
            <dt>Idempotency</dt>
            <dd>{wordsOf(about.idempotency)}</dd>
            <dt>Last run</dt>
            <dd>
              {about.last_run ? (
                <Link to="/runs/$number" params={{ number: String(about.last_run.number) }} className="quiet">
                  <State state={about.last_run.state} word={`${about.last_run.for}, ${wordsOf(about.last_run.state)}`} />
                </Link>
              ) : (
                "never"
              )}
            </dd>
          </dl>
        </Panel>
      </div>
      {graph.data && (
        <div className="row">
          <Copy text={graph.data.mermaid} label="Copy the graph as Mermaid" />
          <Copy text={cli("pipelines show", [about.pipeline])} label="Copy as command" />
          <Copy text={curl(window.location.origin, "GET", `/api/pipelines/${about.pipeline}`)} label="Copy as curl" />
        </div>
      )}
    </div>
  );
}

function NextRuns({ detail }: { detail: PipelineDetail }) {
  const { about } = detail;
  const clock = useClock();
  const now = useNow(15_000);
  return (
    <Panel title="Next runs" note={about.paused ? `paused: ${about.paused_reason ?? ""}` : undefined}>
      {about.schedule === null ? (
        <Empty command={`schedule: "15 2 * * *"`}>It has no schedule: it runs when somebody or something starts it. A schedule is a line of its file:</Empty>
      ) : detail.next_ticks.length === 0 || about.next === null ? (
        <p className="soft">{about.paused ? "Its schedule is paused, so nothing is due." : "Its schedule has come to its end: nothing is due."}</p>
      ) : (
        <table className="ticks">
          <thead>
            <tr>
              <th>{about.time_zone}</th>
              <th>UTC</th>
              <th className="number" />
            </tr>
          </thead>
          <tbody>
            {detail.next_ticks.map((tick) => (
              <tr key={tick.utc}>
                <td>
                  {weekdayText(tick.utc, about.time_zone)} {tick.local.slice(0, 16).replace("T", " ")} <span className="faint small">{tick.local.slice(19)}</span>
                </td>
                <td>{new Date(tick.utc).toISOString().slice(0, 16).replace("T", " ")}</td>
                <td className="number soft" title={clock.instant(tick.utc)}>
                  {distanceText(tick.utc, now)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function Policies({ detail }: { detail: PipelineDetail }) {
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            <th>Task</th>
            <th>Does</th>
            <th className="number">Time-out</th>
            <th className="number">Attempts</th>
            <th>Delay</th>
            <th>Retried when</th>
            <th className="number">Lost</th>
            <th>Pool</th>
            <th>Runs when</th>
          </tr>
        </thead>
        <tbody>
          {detail.policies.map((policy) => (
            <tr key={policy.task}>
              <td className="strong">{policy.task}</td>
              <td>{policy.kind}</td>
              <td className="number">
                {durationText(policy.timeout ?? policy.default_timeout)}
                {policy.timeout === null && <span className="faint small"> default</span>}
              </td>
              <td className="number">{policy.retries === 0 ? 1 : policy.max_attempts}</td>
              <td className="nowrap">{policy.retries === 0 ? "–" : `${durationText(policy.retry_delay)}${policy.backoff === "exponential" ? `, doubled up to ${durationText(policy.max_retry_delay)}` : ""}`}</td>
              <td>{policy.retries === 0 ? "–" : policy.retry_on.map(wordsOf).join(", ")}</td>
              <td className="number">{policy.lost_budget}</td>
              <td className="nowrap">{policy.slots === 1 ? policy.pool : `${policy.pool}, ${policy.slots} slots`}</td>
              <td className="nowrap">{wordsOf(policy.trigger_rule)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PauseButton({ detail }: { detail: PipelineDetail }) {
  const { about } = detail;
  const mayChange = useMayChange();
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const verb = about.paused ? "unpause" : "pause";
  const path = `/api/pipelines/${encodeURIComponent(about.pipeline)}/${verb}`;
  const body = { reason: reason || `${verb}d from the page` };
  if (!mayChange || about.schedule === null) {
    return null;
  }
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        {about.paused ? "Unpause …" : "Pause …"}
      </button>
      <Dialog title={about.paused ? `Let the schedule of ${about.pipeline} go on` : `Stop the schedule of ${about.pipeline}`} open={isOpen} onClose={() => setOpen(false)}>
        <Asking send={() => change<AnswerDocument>("POST", path, body)} submit={about.paused ? "Unpause" : "Pause"} isReady command={cli(verb, [about.pipeline], { reason })} call={curl(window.location.origin, "POST", path, body)} onDone={() => setOpen(false)}>
          {about.paused ? (
            <p>
              Paused: {about.paused_reason}. The next run: <At at={about.next} />
            </p>
          ) : (
            <p>No run is started by its schedule until somebody unpauses it. What runs goes on.</p>
          )}
          <Reason value={reason} onChange={setReason} />
        </Asking>
      </Dialog>
    </>
  );
}
