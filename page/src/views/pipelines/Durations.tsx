import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { durationsQuery, slaQuery } from "../../api/queries";
import type { DurationRun } from "../../api/types";
import { Answer } from "../../app/Answer";
import { useClock, usePreferences } from "../../app/preferences";
import { Empty, Panel } from "../../design/parts";
import { cli } from "../../logic/commands";
import { quantile } from "../../logic/quantile";
import { durationText } from "../../logic/time";

/** How long its runs took, run by run. */
export default function Durations({ pipeline }: { pipeline: string }) {
  const durations = useQuery(durationsQuery(pipeline));
  return (
    <Answer of={durations} what="the durations">
      {(runs) =>
        runs.length < 2 ? (
          <Empty command={cli("run", [pipeline])}>{runs.length === 0 ? "No run has ended yet." : "One run has ended; a line needs two."} Durations over time show when a pipeline grows slow.</Empty>
        ) : (
          <div className="stack wide">
            <Compliance pipeline={pipeline} />
            <Summary runs={runs} />
            <Chart runs={runs} />
          </div>
        )
      }
    </Answer>
  );
}

/** How it kept its deadlines; nothing for a pipeline that has none. */
function Compliance({ pipeline }: { pipeline: string }) {
  const sla = useQuery(slaQuery(pipeline)).data?.[0];
  if (!sla) {
    return null;
  }
  const minutes = (value: number | null) => (value === null ? "–" : `${value.toFixed(1)} min`);
  return (
    <Panel title="Deadlines" note={`runs due in the last ${sla.days} days`}>
      <div className="stack">
        <dl className="run-facts">
          <div>
            <dt>On time</dt>
            <dd>
              {sla.on_time_runs} of {sla.total_runs}
            </dd>
          </div>
          <div>
            <dt>Rate</dt>
            <dd>{sla.compliance_rate === null ? "–" : `${sla.compliance_rate.toFixed(2)} %`}</dd>
          </div>
          <div>
            <dt>Average</dt>
            <dd>{minutes(sla.avg_minutes)}</dd>
          </div>
          <div>
            <dt>95th percentile</dt>
            <dd>{minutes(sla.p95_minutes)}</dd>
          </div>
          <div>
            <dt>Limit</dt>
            <dd>{minutes(sla.limit_minutes)}</dd>
          </div>
        </dl>
        {sla.trend?.warning && <p>{sla.trend.warning}</p>}
      </div>
    </Panel>
  );
}

function Summary({ runs }: { runs: DurationRun[] }) {
  const seconds = runs.filter((run) => run.state === "success").map((run) => run.seconds);
  const text = (share: number) => (seconds.length === 0 ? "–" : durationText(quantile(seconds, share)));
  return (
    <dl className="run-facts">
      <div>
        <dt>Runs that ended</dt>
        <dd>{runs.length}</dd>
      </div>
      <div>
        <dt>Of those, well</dt>
        <dd>{seconds.length}</dd>
      </div>
      <div>
        <dt>Median</dt>
        <dd>{text(0.5)}</dd>
      </div>
      <div>
        <dt>95th percentile</dt>
        <dd>{text(0.95)}</dd>
      </div>
    </dl>
  );
}

function Chart({ runs }: { runs: DurationRun[] }) {
  const box = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const clock = useClock();
  const { theme } = usePreferences();
  useEffect(() => {
    const element = box.current;
    if (!element) {
      return;
    }
    const colours = getComputedStyle(document.documentElement);
    const colour = (name: string) => colours.getPropertyValue(`--${name}`).trim();
    const ordered = runs.toReversed();
    const well = ordered.map((run) => (run.state === "success" ? run.seconds : null));
    const badly = ordered.map((run) => (run.state === "success" ? null : run.seconds));
    const axis = { stroke: colour("ink-faint"), grid: { stroke: colour("rule"), width: 1 }, ticks: { show: false }, font: "12px Barlow Semi Condensed" };
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height: 260,
        padding: [10, 42, 0, 0],
        scales: { x: { time: false }, y: { range: (_self, _min, max) => [0, max * 1.08] } },
        axes: [
          { ...axis, values: (_self, places) => places.map((place) => (Number.isInteger(place) ? (ordered[place]?.partition ?? "") : "")), space: 90 },
          { ...axis, size: 64, values: (_self, values) => values.map((value) => durationText(value)) },
        ],
        series: [
          { label: "run", value: (_self, place) => (place === null ? "" : `${ordered[place]?.number ?? ""}, ${ordered[place]?.partition ?? ""}`) },
          { label: "success", stroke: colour("success"), width: 2, points: { size: 7, fill: colour("success") }, spanGaps: true, value: (_self, value) => (value === null ? "–" : durationText(value)) },
          { label: "failed or cancelled", stroke: colour("failed"), width: 0, points: { show: true, size: 9, fill: colour("failed") }, value: (_self, value) => (value === null ? "–" : durationText(value)) },
        ],
      },
      [ordered.map((_run, index) => index), well, badly],
      element,
    );
    const open = () => {
      const run = chart.cursor.idx === null || chart.cursor.idx === undefined ? undefined : ordered[chart.cursor.idx];
      if (run) {
        void navigate({ to: "/runs/$number", params: { number: String(run.number) } });
      }
    };
    chart.over.addEventListener("click", open);
    const sized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: 260 }));
    sized.observe(element);
    return () => {
      sized.disconnect();
      chart.destroy();
    };
  }, [runs, navigate, theme, clock]);
  return (
    <Panel title="Duration of each run" note="a click opens the run">
      <div className="chart" ref={box} />
      <details>
        <summary className="small soft">The same as a table</summary>
        <div className="scroll" tabIndex={0} role="group" aria-label="Table">
          <table>
            <thead>
              <tr>
                <th>Run</th>
                <th>For</th>
                <th>State</th>
                <th className="number">Took</th>
              </tr>
            </thead>
            <tbody>
              {runs.map((run) => (
                <tr key={run.number}>
                  <td>{run.number}</td>
                  <td>{run.partition}</td>
                  <td>{run.state}</td>
                  <td className="number">{durationText(run.seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </Panel>
  );
}
