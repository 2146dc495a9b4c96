import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { backfillsQuery, pipelinesQuery } from "../../api/queries";
import { useMayChange } from "../../app/Account";
import { Answer } from "../../app/Answer";
import { At } from "../../app/preferences";
import { Command, Empty, Panel } from "../../design/parts";
import { State } from "../../design/Signal";
import { cli } from "../../logic/commands";
import { progressText, sharesOf } from "../../logic/backfill";
import { signalOf, wordsOf } from "../../logic/states";
import "./backfills.css";

export function Backfills() {
  const mayChange = useMayChange();
  const backfills = useQuery(backfillsQuery);
  const first = useQuery(pipelinesQuery).data?.find((pipeline) => pipeline.schedule !== null)?.pipeline ?? "PIPELINE";
  return (
    <div className="stack">
      <div className="title">
        <div>
          <h1>Backfills</h1>
          <p>Runs of a pipeline for dates that are past, so many at a time.</p>
        </div>
        {mayChange && (
          <div className="actions">
            <Link to="/backfills/new" className="button main">
              New backfill …
            </Link>
          </div>
        )}
      </div>
      <Answer of={backfills} what="the backfills">
        {(all) =>
          all.length === 0 ? (
            <Empty command={`signalbox backfill ${first} --from 2001-01-01 --to 2001-01-31 --max-active 4`}>No backfill yet. One fills a stretch of history:</Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="group" aria-label="Table">
              <table>
                <thead>
                  <tr>
                    <th className="number">Backfill</th>
                    <th>Pipeline</th>
                    <th>State</th>
                    <th>Progress</th>
                    <th>Started</th>
                    <th>Reason</th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((one) => (
                    <tr key={one.backfill_id}>
                      <td className="number">
                        <Link to="/backfills/$id" params={{ id: String(one.backfill_id) }} className="strong">
                          {one.backfill_id}
                        </Link>
                      </td>
                      <td>
                        <Link to="/pipelines/$name" params={{ name: one.pipeline }} className="quiet">
                          {one.pipeline}
                        </Link>
                      </td>
                      <td>
                        <State state={one.state} />
                      </td>
                      <td>
                        <Progress states={one.dates} />
                        <span className="small soft">{progressText(one.dates)}</span>
                      </td>
                      <td>
                        <At at={one.created_at} />
                      </td>
                      <td className="breaks">{one.reason ?? "–"}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
      <Strategies pipeline={first} />
    </div>
  );
}

/** Full, incremental or selective: what each is for. */
function Strategies({ pipeline }: { pipeline: string }) {
  return (
    <Panel title="Which backfill?" note="three ways to choose the dates">
      <div className="strategies">
        <div className="stack">
          <h3>Full</h3>
          <p>Every date of a range, also those that succeeded. When the logic has changed and all history must show it.</p>
          <Command text={cli("backfill", [pipeline], { from: "2001-01-01", to: "2001-12-31", all: true })} />
        </div>
        <div className="stack">
          <h3>Incremental</h3>
          <p>What came since the last date that is done. When a pipeline was paused, or its source was late.</p>
          <Command text={cli("backfill", [pipeline], { "since-watermark": true })} />
        </div>
        <div className="stack">
          <h3>Selective</h3>
          <p>The dates that are missing or failed, or those that you name. When most of the history is right.</p>
          <Command text={cli("backfill", [pipeline], { from: "2001-01-01", to: "2001-12-31", missing: true })} />
        </div>
      </div>
    </Panel>
  );
}

export function Progress({ states }: { states: Record<string, number> }) {
  const shares = sharesOf(states);
  return (
    <div className="progress-line" role="img" aria-label={shares.map((one) => `${one.count} ${wordsOf(one.state)}`).join(", ")}>
      {shares.map((one) => (
        <i key={one.state} className={`is-${signalOf(one.state)}`} style={{ width: `${one.share * 100}%` }} title={`${one.count} ${wordsOf(one.state)}`} />
      ))}
    </div>
  );
}
