import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { change } from "../../api/client";
import { graphQuery, pipelinesQuery } from "../../api/queries";
import type { Backfill } from "../../api/types";
import { useMayChange } from "../../app/Account";
import { Answer, Trouble } from "../../app/Answer";
import { Empty, Loading, Panel, Segmented } from "../../design/parts";
import { curl } from "../../logic/commands";
import { asked, firstWish, type Way, type Which, type Wish, ways, whichOnes } from "../../logic/wish";
import { Asking, Reason } from "../run/Actions";
import "./backfills.css";
import { BackfillPlan } from "./BackfillPlan";

/** How long nothing must be typed before the plan is asked for. */
const quietMilliseconds = 350;

/** A backfill to be asked for, with what it would do beside it. */
export function NewBackfill() {
  const mayChange = useMayChange();
  const pipelines = useQuery(pipelinesQuery);
  return (
    <div className="stack">
      <div className="title">
        <div>
          <p className="crumbs">
            <Link to="/backfills">Backfills</Link>
          </p>
          <h1>New backfill</h1>
          <p>What it would do stands beside it; nothing runs before you start it.</p>
        </div>
      </div>
      {mayChange ? (
        <Answer of={pipelines} what="the pipelines">
          {(all) => (all.length === 0 ? <Empty command="signalbox init my_project">There is no pipeline to run. A project with a working example:</Empty> : <Form pipelines={all.map((one) => one.pipeline)} />)}
        </Answer>
      ) : (
        <Empty>Backfills are for the role admin. An admin gives it with `signalbox users`.</Empty>
      )}
    </div>
  );
}

function Form({ pipelines }: { pipelines: string[] }) {
  const search = useSearch({ from: "/backfills/new" });
  const navigate = useNavigate({ from: "/backfills/new" });
  const pipeline = search.pipeline ?? pipelines[0]!;
  const [wish, setWish] = useState<Wish>(() => ({ ...firstWish, from: search.from ?? "", to: search.to ?? "", which: search.which ?? "all" }));
  const set = (part: Partial<Wish>) => setWish((before) => ({ ...before, ...part }));
  const made = useRef<number | null>(null);
  const { body, problem, command } = asked(pipeline, wish);
  const path = `/api/pipelines/${encodeURIComponent(pipeline)}/backfills`;
  const wanted = useQuiet(body === null ? null : JSON.stringify(body));
  const plan = useQuery({
    queryKey: ["plan", pipeline, wanted],
    queryFn: () => change<Backfill>("POST", path, { ...(JSON.parse(wanted!) as object), dry_run: true }),
    enabled: wanted !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const isFresh = body !== null && wanted === JSON.stringify(body) && plan.isSuccess && !plan.isPlaceholderData;
  const count = isFresh ? plan.data.runs.length : 0;
  return (
    <div className="columns">
      <Asking
        send={async () => {
          made.current = (await change<Backfill>("POST", path, body)).backfill_id;
        }}
        submit={count === 1 ? "Start 1 run" : count > 0 ? `Start ${count.toLocaleString("en-US")} runs` : "Start the backfill"}
        isReady={count > 0}
        command={command}
        call={curl(window.location.origin, "POST", path, body ?? {})}
        onDone={() => void navigate({ to: "/backfills/$id", params: { id: String(made.current) } })}
        onCancel={() => void navigate({ to: "/backfills" })}
      >
        <label className="field">
          Pipeline
          <select className="input" value={pipeline} onChange={(event) => void navigate({ search: (before) => ({ ...before, pipeline: event.target.value }), replace: true })}>
            {!pipelines.includes(pipeline) && <option>{pipeline}</option>}
            {pipelines.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <Dates wish={wish} set={set} />
        <label className="field">
          Which of them
          <select className="input" value={wish.which} onChange={(event) => set({ which: event.target.value as Which })}>
            {whichOnes.map((one) => (
              <option key={one.value} value={one.value}>
                {one.text}
              </option>
            ))}
          </select>
        </label>
        <div className="fields">
          <label className="field">
            Runs at one time
            <input className="input" inputMode="numeric" value={wish.maxActive} onChange={(event) => set({ maxActive: event.target.value })} />
          </label>
          <label className="field">
            Pause between starts, e.g. 2s
            <input className="input" value={wish.every} placeholder="none" onChange={(event) => set({ every: event.target.value })} />
          </label>
        </div>
        <div className="stack tight">
          <Tick checked={wish.reverse} onChange={(reverse) => set({ reverse })} text="The latest first" />
          <Tick checked={wish.downstream} onChange={(downstream) => set({ downstream })} text="What consumes its datasets runs again, too" />
          <Tick checked={wish.replace} onChange={(replace) => set({ replace })} text="Take dates over from a backfill that is under way" />
        </div>
        <OnlyTasks pipeline={pipeline} chosen={wish.only} onChange={(only) => set({ only })} />
        <Reason value={wish.reason} onChange={(reason) => set({ reason })} />
        {problem && (
          <p className="wrong" role="alert">
            {problem}
          </p>
        )}
      </Asking>
      <Panel title="Plan" note={isFresh ? "a dry run: nothing has begun" : undefined}>
        {problem ? (
          <p className="soft">The form says something that cannot be.</p>
        ) : wanted === null ? (
          <p className="soft">Name the dates, and the plan says which runs there would be, which not and why, and how long it takes.</p>
        ) : plan.error ? (
          <Trouble error={plan.error} />
        ) : plan.data ? (
          <BackfillPlan plan={plan.data} isOld={!isFresh} />
        ) : (
          <Loading what="what would run" />
        )}
      </Panel>
    </div>
  );
}

function Dates({ wish, set }: { wish: Wish; set: (part: Partial<Wish>) => void }) {
  return (
    <div className="stack tight">
      <span className="field-name">Dates</span>
      <Segmented<Way> label="Dates" value={wish.way} options={ways} onChange={(way) => set({ way })} />
      <p className="small soft">{ways.find((one) => one.value === wish.way)!.when}</p>
      {wish.way === "range" && (
        <div className="fields">
          <label className="field">
            From
            <input className="input" type="date" value={wish.from} onChange={(event) => set({ from: event.target.value })} />
          </label>
          <label className="field">
            To, included
            <input className="input" type="date" value={wish.to} onChange={(event) => set({ to: event.target.value })} />
          </label>
        </div>
      )}
      {wish.way === "last" && (
        <label className="field">
          How many: 7d for days, 7 for dates of the schedule
          <input className="input" value={wish.last} onChange={(event) => set({ last: event.target.value })} />
        </label>
      )}
      {wish.way === "watermark" && (
        <label className="field">
          From, when there is no watermark yet
          <input className="input" type="date" value={wish.from} onChange={(event) => set({ from: event.target.value })} />
        </label>
      )}
      {wish.way === "named" && (
        <label className="field">
          Dates or partitions, with commas between
          <input className="input" value={wish.named} placeholder="2001-01-05, 2001-01-07" onChange={(event) => set({ named: event.target.value })} />
        </label>
      )}
    </div>
  );
}

function Tick({ checked, onChange, text }: { checked: boolean; onChange: (checked: boolean) => void; text: string }) {
  return (
    <label className="tick">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} /> {text}
    </label>
  );
}

/** Which tasks run; none chosen is all. */
function OnlyTasks({ pipeline, chosen, onChange }: { pipeline: string; chosen: string[]; onChange: (tasks: string[]) => void }) {
  const tasks = useQuery(graphQuery(pipeline)).data?.tasks ?? [];
  return (
    <details>
      <summary className="small soft">{chosen.length === 0 ? "All tasks run; choose some of them" : `Only ${chosen.join(", ")}`}</summary>
      <div className="row wide" role="group" aria-label="Only these tasks">
        {tasks.map(({ name }) => (
          <Tick key={name} checked={chosen.includes(name)} onChange={(isChosen) => onChange(isChosen ? [...chosen, name] : chosen.filter((one) => one !== name))} text={name} />
        ))}
      </div>
    </details>
  );
}

/** A value once it has been the same for a while. */
function useQuiet<T>(value: T): T {
  const [quiet, setQuiet] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(value), quietMilliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return quiet;
}
