import { Link } from "@tanstack/react-router";
import type { Backfill } from "../../api/types";
import { Signal } from "../../design/Signal";
import { counted } from "../../logic/numbers";
import { durationText } from "../../logic/time";
import { byReason } from "../../logic/wish";
import "../run/run.css";

/** At most so many dates are drawn; the rest is counted. */
const mostDrawn = 120;

/** What a backfill would do: its runs, what it costs, what it leaves out and why. */
export function BackfillPlan({ plan, isOld }: { plan: Backfill; isOld: boolean }) {
  const late = plan.estimated_late_seconds;
  return (
    <div className="stack" aria-busy={isOld} style={isOld ? { opacity: 0.55 } : undefined}>
      <dl className="run-facts">
        <div>
          <dt>Runs</dt>
          <dd>{plan.runs.length.toLocaleString("en-US")}</dd>
        </div>
        <div>
          <dt>Left out</dt>
          <dd>{plan.skipped.length.toLocaleString("en-US")}</dd>
        </div>
        <div>
          <dt>Takes about</dt>
          <dd>
            {plan.runs.length === 0 ? "–" : plan.estimated_seconds === null ? "not known: no run has succeeded yet" : durationText(plan.estimated_seconds)}
            {plan.estimated_seconds !== null && late !== null && late > plan.estimated_seconds && <span className="faint small"> up to {durationText(late)}</span>}
          </dd>
        </div>
        {plan.runs.length > 0 && plan.estimated_work_seconds !== null && (
          <div>
            <dt>Work of all runs</dt>
            <dd>{durationText(plan.estimated_work_seconds)}</dd>
          </div>
        )}
        {plan.runs.length > 0 && plan.estimated_cost !== null && (
          <div>
            <dt>Cost</dt>
            <dd>{plan.estimated_cost.toFixed(2)}</dd>
          </div>
        )}
      </dl>
      {plan.warnings.map((warning) => (
        <p key={warning} className="row">
          <Signal state="warning" title="Warning" /> <span>{warning}</span>
        </p>
      ))}
      {plan.runs.length === 0 && <p className="strong">There is nothing to run.</p>}
      {plan.runs.length > 0 && (
        <div>
          <h3>These run, in this order</h3>
          <div className="date-cells">
            {plan.runs.slice(0, mostDrawn).map((run) => (
              <span key={`${run.logical_date}.${run.partition}`} title={run.made_by ? `made before by version ${run.made_by}` : "never made"}>
                <Signal state={run.made_by ? "queued" : "none"} />
                {run.partition}
              </span>
            ))}
            {plan.runs.length > mostDrawn && <span>and {(plan.runs.length - mostDrawn).toLocaleString("en-US")} more</span>}
          </div>
          <p className="small faint">A ring was made before and is made again; a dot was never made.</p>
        </div>
      )}
      {plan.skipped.length > 0 && <LeftOut skipped={plan.skipped} />}
      {plan.downstream.length > 0 && (
        <div>
          <h3>These run again because of it</h3>
          <ul className="reasons">
            {plan.downstream.map((one) => (
              <li key={one.pipeline}>
                <Link to="/pipelines/$name" params={{ name: one.pipeline }}>
                  {one.pipeline}
                </Link>
                , {counted(one.partitions.length, "partition")}, for {one.datasets.join(", ")}
              </li>
            ))}
          </ul>
        </div>
      )}
      {plan.promotions.length > 0 && (
        <div>
          <h3>Promotions</h3>
          <ul className="reasons">
            {plan.promotions.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** The dates that do not run, by their reasons. */
export function LeftOut({ skipped }: { skipped: Backfill["skipped"] }) {
  return (
    <div>
      <h3>These are left out</h3>
      <ul className="reasons">
        {byReason(skipped).map(({ reason, partitions }) => (
          <li key={reason}>
            {reason}: {partitions.slice(0, 12).join(", ")}
            {partitions.length > 12 && ` and ${partitions.length - 12} more`}
          </li>
        ))}
      </ul>
    </div>
  );
}
