import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { homeQuery } from "../../api/queries";
import type { Activity, Departure, Home as HomeDocument, PipelineLine, QuietSchedule, RunLine } from "../../api/types";
import { Answer } from "../../app/Answer";
import { At, useClock, useNow } from "../../app/preferences";
import { Empty, Panel } from "../../design/parts";
import { LineMap, Signal } from "../../design/Signal";
import { aspectOf, heightsOf, progressOf, quietText } from "../../logic/home";
import { bytesText, counted } from "../../logic/numbers";
import { signalOf, wordsOf } from "../../logic/states";
import { distanceText, durationText, weekdayText } from "../../logic/time";
import "./home.css";
import { Needs } from "./Needs";

export function Home() {
  const home = useQuery(homeQuery);
  return (
    <Answer of={home} what="the state of the line">
      {(data) => (
        <div className="stack wide">
          <Headline home={data} />
          <div className="columns platform">
            <div className="stack wide">
              {data.needs.length > 0 && <Needs needs={data.needs} />}
              <Moving runs={data.running} first={data.pipelines[0]?.pipeline} />
            </div>
            <div className="stack wide beside">
              <Departures next={data.next} quiet={data.quiet} />
              <Lines lines={data.pipelines} />
              <Ground home={data} />
            </div>
            <Journal lines={data.recent} />
          </div>
        </div>
      )}
    </Answer>
  );
}

function Headline({ home }: { home: HomeDocument }) {
  const aspect = aspectOf(home);
  const angle = { clear: -38, caution: -19, stop: 0 }[aspect.signal];
  return (
    <div className="aspect">
      <svg viewBox="0 0 46 58" aria-hidden="true">
        <path d="M9 56V4M3 56h12" stroke="var(--ink)" strokeWidth="3.4" strokeLinecap="round" />
        <g transform={`rotate(${angle} 9 16)`}>
          <path d="M9 10h33v12H9z" fill={`var(--${aspect.signal === "clear" ? "success" : aspect.signal === "caution" ? "retry" : "failed"})`} />
          <path d="M32 10h5v12h-5z" fill="var(--sheet)" />
        </g>
        <circle cx="9" cy="16" r="4" fill="var(--ink)" />
      </svg>
      <div>
        <h1>{aspect.title}</h1>
        <p>{aspect.sentence}</p>
      </div>
    </div>
  );
}

function Moving({ runs, first }: { runs: RunLine[]; first: string | undefined }) {
  const now = useNow();
  return (
    <Panel title="Running now" note={runs.length > 0 ? counted(runs.length, "run") : undefined}>
      {runs.length === 0 ? (
        <Empty command={`signalbox run ${first ?? "PIPELINE"}`}>Nothing is running. A run starts by its schedule, from a pipeline's page, or with a command:</Empty>
      ) : (
        <ul className="moving">
          {runs.map((run) => (
            <li key={run.number}>
              <div className="row">
                <Signal state={run.state} />
                <Link to="/runs/$number" params={{ number: String(run.number) }} className="strong">
                  {run.pipeline}, {run.partition}
                </Link>
                <span className="faint small">run {run.number}</span>
                <span className="push small soft">{endText(run, now)}</span>
              </div>
              <div className="row">
                <LineMap stations={run.tasks} />
                <span className="small soft push">{busyText(run)}</span>
              </div>
              <div className="progress" aria-hidden="true">
                <i style={{ width: `${(progressOf(run, now) * 100).toFixed(1)}%` }} />
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function endText(run: RunLine, now: number): string {
  if (run.state === "queued") {
    return "waits for its turn";
  }
  const since = run.started_at ? `${durationText((now - new Date(run.started_at).getTime()) / 1000)} so far` : "";
  if (!run.expected_end) {
    return since;
  }
  return new Date(run.expected_end).getTime() > now ? `${since}, expected to end ${distanceText(run.expected_end, now)}` : `${since}, longer than usual`;
}

/** What a run is at: the tasks that run, else those that wait for something. */
function busyText(run: RunLine): string {
  const names = (state: string) => run.tasks.filter((task) => task.state === state).map((task) => task.name);
  const [running, waiting, retrying] = [names("running"), names("up_for_reschedule"), names("up_for_retry")];
  return [running.slice(0, 3).join(", "), waiting.length > 0 ? `${waiting.join(", ")}: waiting` : "", retrying.length > 0 ? `${retrying.join(", ")}: will be tried again` : ""].filter(Boolean).join("; ");
}

const activityStates: Record<string, string> = { check: "blocked", retry: "up_for_retry", promotion: "approved", rerun: "queued", success: "success", failed: "failed", cancelled: "cancelled", rollback: "warning" };

function Journal({ lines }: { lines: Activity[] }) {
  const clock = useClock();
  if (lines.length === 0) {
    return null;
  }
  return (
    <Panel title="Recently" note={`the newest first, ${clock.zone}`}>
      <ul className="journal">
        {lines.map((line, index) => (
          <li key={`${line.at}.${line.kind}.${line.run}.${index}`}>
            <span className="faint board">
              <At at={line.at} only="time" seconds />
            </span>
            <Signal state={activityStates[line.kind] ?? "none"} title={wordsOf(line.kind)} />
            <div>
              <p className="message">
                {line.run === null ? (
                  <span className="about">{line.pipeline}</span>
                ) : (
                  <Link to="/runs/$number" params={{ number: String(line.run) }} search={{ task: line.task ?? undefined }} className="quiet about">
                    {line.pipeline}
                    {line.partition && `, ${line.partition}`}
                  </Link>
                )}{" "}
                {line.message}
                {line.seconds !== null && ` in ${durationText(line.seconds)}`}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Departures({ next, quiet }: { next: Departure[]; quiet: QuietSchedule[] }) {
  const clock = useClock();
  const now = useNow(15_000);
  return (
    <section className="board-of-departures" aria-labelledby="departures">
      <h2 id="departures">
        <span>
          Next up <small>{clock.zone}</small>
        </span>
        <Link to="/timetable">Timetable</Link>
      </h2>
      {next.length === 0 && (
        <p className="small">
          <small>{quiet.length === 0 ? 'No pipeline has a schedule. One gets it with a line such as schedule: "15 2 * * *".' : "No schedule is due in the next 30 days."}</small>
        </p>
      )}
      {next.length > 0 && (
        <ul>
          {next.map((one) => (
            <li key={`${one.pipeline}.${one.at}`}>
              <span className="due">
                {clock.time(one.at)}
                <small>
                  {weekdayText(one.at, clock.zone)} {clock.day(one.at).slice(5)}
                </small>
              </span>
              <span className="what">
                <Link to="/pipelines/$name" params={{ name: one.pipeline }} className="quiet">
                  {one.pipeline}
                </Link>
                <small>
                  for {one.partition}
                  {one.expected_seconds !== null && `, takes about ${durationText(one.expected_seconds)}`}
                </small>
              </span>
              <span className="in">{distanceText(one.at, now)}</span>
            </li>
          ))}
        </ul>
      )}
      {quiet.slice(0, mostQuiet).map((one) => (
        <p key={one.pipeline} className="small quiet-schedule">
          <small>
            <Link to="/pipelines/$name" params={{ name: one.pipeline }} className="quiet">
              {one.pipeline}
            </Link>
            : the schedule {quietText(one, clock.day)}
          </small>
        </p>
      ))}
      {quiet.length > mostQuiet && (
        <p className="small quiet-schedule">
          <small>and {counted(quiet.length - mostQuiet, "other schedule")} that start nothing soon</small>
        </p>
      )}
    </section>
  );
}

/** So many schedules that start nothing soon are named. */
const mostQuiet = 4;

function Lines({ lines }: { lines: PipelineLine[] }) {
  return (
    <Panel title="Pipelines" note="their latest runs, tall is slow">
      {lines.length === 0 ? (
        <Empty command="signalbox init my_project">There is no pipeline yet. A project with a working example:</Empty>
      ) : (
        <ul className="lines-of-home">
          {lines.map((line) => {
            const heights = heightsOf(line.outcomes);
            return (
              <li key={line.pipeline}>
                <div>
                  <Link to="/pipelines/$name" params={{ name: line.pipeline }} className="strong breaks">
                    {line.pipeline}
                  </Link>
                  <p className="small faint">{line.paused ? "paused" : (line.title ?? "")}</p>
                </div>
                <div className="record">
                  {line.outcomes.map((outcome, index) => (
                    <Link
                      key={outcome.number}
                      to="/runs/$number"
                      params={{ number: String(outcome.number) }}
                      className={`is-${signalOf(outcome.state)}`}
                      style={{ height: `${heights[index]! * 100}%` }}
                      title={`${outcome.partition}: ${wordsOf(outcome.state)}${outcome.seconds === null ? "" : ` in ${durationText(outcome.seconds)}`}`}
                      aria-label={`run ${outcome.number}, ${outcome.partition}: ${wordsOf(outcome.state)}`}
                    />
                  ))}
                  {line.outcomes.length === 0 && <span className="faint small">no runs yet</span>}
                </div>
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}

function Ground({ home }: { home: HomeDocument }) {
  const { health } = home;
  return (
    <Panel title="Health">
      <div className="stack">
        <div className="ground">
          <div>
            <b>{health.running}</b>
            <span className="small soft">{health.slots === null ? "tasks running" : `of ${health.slots} tasks running`}</span>
          </div>
          <div>
            <b>{health.waiting}</b>
            <span className="small soft">tasks waiting</span>
          </div>
          <div>
            <b>{health.queued}</b>
            <span className="small soft">runs queued</span>
          </div>
        </div>
        <dl className="facts">
          <dt>Engine</dt>
          <dd>{health.engine ?? "no server runs; start one with `signalbox serve`"}</dd>
          <dt>Database</dt>
          <dd>
            {health.database}
            {health.disk_free_bytes !== null && `, ${bytesText(health.disk_free_bytes)} free on its disk`}
          </dd>
        </dl>
      </div>
    </Panel>
  );
}
