import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { gridQuery, pipelinesQuery } from "../../api/queries";
import type { GridRun } from "../../api/types";
import { Trouble } from "../../app/Answer";
import { At, useClock, useNow } from "../../app/preferences";
import { Empty, Loading } from "../../design/parts";
import { LineMap, Signal, State } from "../../design/Signal";
import { cellsOf, cellText, columnsOf, filterChoices, type GridFilter, linesOf, stationsOf } from "../../logic/grid";
import { countText } from "../../logic/numbers";
import { wordsOf } from "../../logic/states";
import { durationText, spanSeconds } from "../../logic/time";
import "./runs.css";

const lineHeight = 33;

export function Runs() {
  const filter = useSearch({ from: "/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const pipelines = useQuery(pipelinesQuery);
  const query = useInfiniteQuery(gridQuery(filter));
  const pages = query.data?.pages;
  const lines = useMemo(() => linesOf(pages ?? []), [pages]);
  const columns = useMemo(() => (filter.pipeline ? columnsOf(lines) : []), [lines, filter.pipeline]);
  const set = (change: GridFilter) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const tags = [...new Set((pipelines.data ?? []).flatMap((pipeline) => pipeline.tags))].sort();
  return (
    <div className="stack">
      <div className="title">
        <div>
          <h1>{filter.pipeline ? `Runs of ${filter.pipeline}` : "Runs"}</h1>
          <p>{filter.pipeline ? "A line is a run, a column a task." : "Every run, the newest first. Choose a pipeline to see its tasks in columns."}</p>
        </div>
      </div>
      <div className="filters" role="search" aria-label="Filters">
        <Choice label="Pipeline" value={filter.pipeline} all="all pipelines" options={(pipelines.data ?? []).map((one) => one.pipeline)} onChange={(pipeline) => set({ pipeline })} />
        <Choice label="State" value={filter.state} all="any state" options={filterChoices.states} onChange={(state) => set({ state })} />
        <Choice label="Triggered by" value={filter.trigger} all="anything" options={filterChoices.triggers} onChange={(trigger) => set({ trigger })} />
        {tags.length > 0 && <Choice label="Tag" value={filter.tag} all="any tag" options={tags} onChange={(tag) => set({ tag })} />}
        {filtered && (
          <button type="button" className="button plain" onClick={() => void navigate({ search: {}, replace: true })}>
            Show all
          </button>
        )}
        <span className="faint small">
          {countText(lines.length)}
          {query.hasNextPage ? " and more" : ""} {lines.length === 1 ? "run" : "runs"}
        </span>
      </div>
      {query.error && !pages ? (
        <Trouble error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Loading what="the runs" />
      ) : lines.length === 0 ? (
        filtered ? (
          <Empty>No run fits these filters.</Empty>
        ) : (
          <Empty command={`signalbox run ${pipelines.data?.[0]?.pipeline ?? "PIPELINE"}`}>Nothing has run yet. Start a run with a command, or on a pipeline's page:</Empty>
        )
      ) : (
        <Lines
          lines={lines}
          columns={columns}
          more={() => {
            if (query.hasNextPage && !query.isFetchingNextPage) {
              void query.fetchNextPage();
            }
          }}
        />
      )}
    </div>
  );
}

function Choice({ label, value, all, options, onChange }: { label: string; value: string | undefined; all: string; options: readonly string[]; onChange: (value: string | undefined) => void }) {
  const known = value && !options.includes(value) ? [value, ...options] : options;
  return (
    <label className="field">
      {label}
      <select className="input" value={value ?? ""} onChange={(event) => onChange(event.target.value || undefined)}>
        <option value="">{all}</option>
        {known.map((option) => (
          <option key={option} value={option}>
            {wordsOf(option) === option ? option : filterChoices.states.includes(option) ? wordsOf(option) : option}
          </option>
        ))}
      </select>
    </label>
  );
}

function Lines({ lines, columns, more }: { lines: GridRun[]; columns: string[]; more: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  const clock = useClock();
  const now = useNow(1000);
  const all = columns.length === 0;
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => lineHeight, overscan: 12 });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= lines.length - 40) {
      more();
    }
  }, [last, lines.length, more]);
  return (
    <div className="runs-scroll" ref={box} tabIndex={0} role="region" aria-label="Runs">
      <div className={`runs-grid ${all ? "all" : ""}`} role="table" aria-rowcount={lines.length + 1}>
        <div className="runs-head" role="row">
          <span role="columnheader">run</span>
          {all && <span role="columnheader">pipeline</span>}
          <span role="columnheader">for</span>
          <span role="columnheader">state</span>
          <span role="columnheader" className="optional">
            started ({clock.zone})
          </span>
          <span role="columnheader" className="optional number">
            took
          </span>
          <span role="columnheader" className="optional">
            triggered by
          </span>
          {all ? (
            <span role="columnheader">tasks</span>
          ) : (
            <span className="runs-cells" role="presentation">
              {columns.map((column) => (
                <span key={column} role="columnheader">
                  <b title={column}>{column}</b>
                </span>
              ))}
            </span>
          )}
        </div>
        <div style={{ height: rows.getTotalSize(), position: "relative" }} role="rowgroup">
          {shown.map((item) => {
            const row = lines[item.index]!;
            const number = String(row.number);
            const seconds = spanSeconds(row.started_at, row.ended_at, now);
            return (
              <div key={item.key} className="runs-line" role="row" aria-rowindex={item.index + 2} style={{ transform: `translateY(${item.start}px)` }}>
                <span role="cell">
                  <Link to="/runs/$number" params={{ number }} className="cover" aria-label={`run ${number}`}>
                    {number}
                  </Link>
                </span>
                {all && (
                  <span role="cell" title={row.pipeline}>
                    {row.pipeline}
                  </span>
                )}
                <span role="cell">{row.partition}</span>
                <span role="cell">
                  <State state={row.state} />
                </span>
                <span role="cell" className="optional soft">
                  <At at={row.started_at} seconds />
                </span>
                <span role="cell" className="optional number soft">
                  {seconds === null ? "" : durationText(seconds)}
                </span>
                <span role="cell" className="optional soft">
                  {row.trigger}
                </span>
                {all ? (
                  <span role="cell">
                    <LineMap stations={stationsOf(row)} />
                  </span>
                ) : (
                  <span className="runs-cells" role="presentation">
                    {cellsOf(row, columns).map((cell, index) =>
                      cell === null ? (
                        <span key={columns[index]} className="gap" role="cell" />
                      ) : (
                        <Link key={columns[index]} to="/runs/$number" params={{ number }} search={{ task: columns[index] }} role="cell" tabIndex={-1} aria-label={cellText(cell)} title={cellText(cell)}>
                          <Signal state={cell.state} />
                        </Link>
                      ),
                    )}
                  </span>
                )}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
