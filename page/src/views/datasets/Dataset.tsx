import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { change } from "../../api/client";
import { datasetQuery, freshnessQuery, lineageQuery, partitionsQuery, runQuery } from "../../api/queries";
import type { Answer as AnswerDocument, DatasetDocument, DatasetVersion } from "../../api/types";
import { useMayChange } from "../../app/Account";
import { Answer } from "../../app/Answer";
import { At } from "../../app/preferences";
import { Copy, Dialog, Loading, Panel } from "../../design/parts";
import { State } from "../../design/Signal";
import { cli, curl } from "../../logic/commands";
import { type HeatMap, heatOf } from "../../logic/heat";
import { endsOf } from "../../logic/lineage";
import { bytesText, countText, counted } from "../../logic/numbers";
import { checksOf, checksText } from "../../logic/run";
import { Asking, Reason } from "../run/Actions";
import { Checks } from "../run/Checks";
import "../run/run.css";
import "./datasets.css";

/** At most so many switches are listed. */
const mostSwitches = 20;

const Lineage = lazy(() => import("./Lineage"));

export function Dataset() {
  const { name } = useParams({ from: "/datasets/$name" });
  const { partition } = useSearch({ from: "/datasets/$name" });
  const navigate = useNavigate({ from: "/datasets/$name" });
  const mayChange = useMayChange();
  const partitions = useQuery(partitionsQuery(name));
  const dataset = useQuery(datasetQuery(name));
  const lineage = useQuery(lineageQuery);
  const ends = lineage.data ? endsOf(lineage.data, name) : undefined;
  return (
    <div className="stack wide">
      <div className="title">
        <div>
          <p className="crumbs">
            <Link to="/datasets">Datasets</Link>
          </p>
          <h1>{name}</h1>
          {ends && (
            <p>
              Written by {ends.producers.join(", ") || "no task of this project"}; read by {ends.consumers.join(", ") || "no task of this project"}.
            </p>
          )}
        </div>
        <div className="actions">
          <Copy text={cli("datasets show", [name], { partition })} label="Copy as command" />
          <Copy text={curl(window.location.origin, "GET", `/api/datasets/versions?name=${encodeURIComponent(name)}`)} label="Copy as curl" />
        </div>
      </div>
      <Fresh name={name} />
      <Answer of={partitions} what="the partitions">
        {(all) => {
          const heat = heatOf(all);
          return (
            <Panel title="Partitions" note={`${counted(heat.cells.length - heat.missing, "partition")} published${heat.missing > 0 ? `, ${counted(heat.missing, "day")} between them missing` : ""}`} aside={mayChange && <FillGaps heat={heat} task={all[0]?.task} />}>
              <Heat heat={heat} chosen={partition} onSelect={(chosen) => void navigate({ search: { partition: chosen === partition ? undefined : chosen }, replace: true, resetScroll: false })} />
            </Panel>
          );
        }}
      </Answer>
      <Answer of={dataset} what="the versions">
        {(document) => (
          <div className="stack wide">
            <LatestChecks version={document.versions.find((version) => version.current && (partition === undefined || version.partition === partition))} />
            <Versions document={document} partition={partition} />
          </div>
        )}
      </Answer>
      <Panel title="Lineage">
        <Suspense fallback={<Loading what="the lineage" />}>
          <Lineage dataset={name} onSelect={(other) => void navigate({ to: "/datasets/$name", params: { name: other } })} />
        </Suspense>
      </Panel>
    </div>
  );
}

/** How often it must be updated, and whether it was; nothing when no pipeline states that. */
function Fresh({ name }: { name: string }) {
  const needs = useQuery(freshnessQuery).data?.datasets.filter((need) => need.dataset === name) ?? [];
  return needs.map((need) => (
    <dl key={`${need.pipeline}.${need.rule}`} className="run-facts">
      <div>
        <dt>Freshness</dt>
        <dd>{need.late_since ? <State state="late" /> : <State state="success" word="in time" />}</dd>
      </div>
      <div>
        <dt>Must be updated</dt>
        <dd>{need.rule}</dd>
      </div>
      <div>
        <dt>Last update</dt>
        <dd>{need.updated_at ? <At at={need.updated_at} /> : "never"}</dd>
      </div>
      <div>
        <dt>{need.late_since ? "Was due" : "Next by"}</dt>
        <dd>
          <At at={need.late_since ?? need.due_at} />
        </dd>
      </div>
    </dl>
  ));
}

/** A backfill for the days between its partitions on which nothing was published. */
function FillGaps({ heat, task }: { heat: HeatMap; task: string | undefined }) {
  const pipeline = task?.slice(0, task.lastIndexOf("."));
  if (heat.missing === 0 || !pipeline) {
    return null;
  }
  return (
    <Link to="/backfills/new" search={{ pipeline, from: heat.cells[0]!.partition, to: heat.cells.at(-1)!.partition, which: "missing" }} className="button">
      Backfill the missing days …
    </Link>
  );
}

/** What the checks saw that let its current version be published. */
function LatestChecks({ version }: { version: DatasetVersion | undefined }) {
  const run = useQuery({ ...runQuery(String(version?.run)), enabled: version !== undefined }).data;
  const own = (run?.tasks ?? []).filter((task) => version?.task === `${run?.pipeline}.${task.task}` || version?.task === task.task);
  const checks = checksOf(own);
  if (!version || checks.length === 0) {
    return null;
  }
  return (
    <Panel title="Checks" note={`of version ${version.version}, ${version.partition}: ${checksText(checks)}`}>
      <Checks checks={checks} />
    </Panel>
  );
}

function Heat({ heat, chosen, onSelect }: { heat: HeatMap; chosen: string | undefined; onSelect: (partition: string) => void }) {
  const cell = (one: HeatMap["cells"][number]) => {
    const text = `${one.partition}: ${one.level === 0 ? "nothing published" : one.rows === null ? "published" : counted(one.rows, "row")}`;
    return <button key={one.partition} type="button" className={one.level === 0 ? "gap" : `level-${one.level}`} title={text} aria-label={text} aria-pressed={one.partition === chosen} onClick={() => onSelect(one.partition)} />;
  };
  return (
    <div className="stack tight">
      {heat.isCalendar ? (
        <div className="heat">
          <div className="days" aria-hidden="true">
            {["Mon", "", "Wed", "", "Fri", "", "Sun"].map((day, index) => (
              <span key={index}>{day}</span>
            ))}
          </div>
          {heat.weeks.map((week, index) => (
            <div key={index} className="week">
              {week.map((day, place) => (day === null ? <span key={place} /> : cell(day)))}
            </div>
          ))}
        </div>
      ) : (
        <div className="heat flow">{heat.cells.map(cell)}</div>
      )}
      <p className="legend small faint">
        fewer rows {[1, 2, 3, 4].map((level) => <i key={level} className={`level-${level}`} />)} more
      </p>
    </div>
  );
}

function Versions({ document, partition }: { document: DatasetDocument; partition: string | undefined }) {
  // What a task publishes stands in the versions already.
  const byHand = document.switches.filter((one) => one.reason !== null);
  const shown = document.versions.filter((version) => partition === undefined || version.partition === partition);
  return (
    <div className="stack wide">
      <Panel title="Versions" note={partition ? `of ${partition}, the newest first` : "the newest first"}>
        <div className="scroll" tabIndex={0} role="group" aria-label="Table">
          <table>
            <thead>
              <tr>
                <th className="number">Version</th>
                <th>Partition</th>
                <th>State</th>
                <th className="number">Rows</th>
                <th className="number">Size</th>
                <th>Published</th>
                <th>Made by</th>
                <th>SHA-256</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {shown.map((version) => (
                <tr key={version.version}>
                  <td className="number strong">{version.version}</td>
                  <td className="nowrap">{version.partition}</td>
                  <td>{version.stale ? <span title={version.stale}><State state="warning" word={version.current ? "current, stale" : "stale"} /></span> : version.current ? <State state="published" word="current" /> : <span className="soft">{version.kept ? "kept" : "gone"}</span>}</td>
                  <td className="number">{version.rows === null ? "–" : countText(version.rows)}</td>
                  <td className="number">{version.bytes === null ? "–" : bytesText(version.bytes)}</td>
                  <td>
                    <At at={version.published_at} />
                  </td>
                  <td>
                    <Link to="/runs/$number" params={{ number: String(version.run) }} search={{ tab: "checks" }} className="quiet">
                      {version.task}, run {version.run}
                    </Link>
                  </td>
                  <td className="mono small" title={version.sha256 ?? undefined}>
                    {version.sha256?.slice(0, 12) ?? "–"}
                  </td>
                  <td>{!version.current && version.kept && <RollbackButton dataset={document.dataset} version={version} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      {byHand.length > 0 && (
        <Panel title="Switched by hand" note="who made which version current, and why; the newest first">
          <ul className="reasons">
            {byHand.slice(0, mostSwitches).map((one) => (
              <li key={`${one.at}.${one.path}.${one.to}`}>
                <At at={one.at} /> {one.who} made version {one.to} of {one.path} current
                {one.from !== null && ` after version ${one.from}`}
                {one.reason && `: ${one.reason}`}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {document.refusals.length > 0 && (
        <Panel title="Refused" note="attempts that were over when they came to publish">
          <ul className="reasons">
            {document.refusals.map((refusal, index) => (
              <li key={index}>
                Run {refusal.run}, {refusal.task}, attempt {refusal.attempt}: {refusal.reason}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}

function RollbackButton({ dataset, version }: { dataset: string; version: DatasetVersion }) {
  const mayChange = useMayChange();
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const body = { name: dataset, partition: version.partition, to: version.version, reason };
  if (!mayChange) {
    return null;
  }
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        Roll back to it …
      </button>
      <Dialog title={`Roll ${version.partition} back to version ${version.version}`} open={isOpen} onClose={() => setOpen(false)}>
        <Asking
          send={() => change<AnswerDocument>("POST", "/api/datasets/rollback", body)}
          submit="Roll back"
          isReady={reason.trim() !== ""}
          command={cli("datasets rollback", [dataset], { partition: version.partition, to: version.version, reason })}
          call={curl(window.location.origin, "POST", "/api/datasets/rollback", body)}
          onDone={() => setOpen(false)}
        >
          <p>Readers see this version again, in one step. The version that is current stays kept.</p>
          <Reason value={reason} onChange={setReason} />
        </Asking>
      </Dialog>
    </>
  );
}
