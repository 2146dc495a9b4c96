import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { whyQuery } from "../../api/queries";
import type { Run, Outlook, Task } from "../../api/types";
import { At } from "../../app/preferences";
import { Copy } from "../../design/parts";
import { Signal, State } from "../../design/Signal";
import { cli } from "../../logic/commands";
import { keyOf } from "../../logic/gantt";
import { isEnded, signalOf, wordsOf, worst } from "../../logic/states";
import { countdownText, durationText, spanSeconds } from "../../logic/time";
import { MarkButton, RerunButton } from "./Actions";

/** All about one task, or about the instances of a mapped one. */
export function TaskSide({ run, tasks, picture, now, onClose }: { run: Run; tasks: Task[]; picture: Outlook | undefined; now: number; onClose: () => void }) {
  const name = tasks.length === 1 ? keyOf(tasks[0]!) : tasks[0]!.task;
  const state = worst(tasks.map((task) => task.state));
  return (
    <aside className={`task-side is-${signalOf(state)} stack`} aria-label={`Task ${name}`}>
      <div className="row">
        <h2 className="breaks">{name}</h2>
        <State state={state} />
        <button type="button" className="button plain push" onClick={onClose} aria-label={`Close ${name}`}>
          Close
        </button>
      </div>
      {tasks.length === 1 && <One run={run} task={tasks[0]!} picture={picture} now={now} />}
      {tasks.length > 1 && (
        <ul className="attempts">
          {tasks.map((task) => (
            <li key={task.map_index}>
              <Signal state={task.state} title={wordsOf(task.state)} />
              <Link to="/runs/$number" params={{ number: String(run.number) }} search={{ task: keyOf(task) }} replace>
                {keyOf(task)} {task.label}
              </Link>
              <span className="small soft">{durationOf(task, now)}</span>
            </li>
          ))}
        </ul>
      )}
    </aside>
  );
}

function One({ run, task, picture, now }: { run: Run; task: Task; picture: Outlook | undefined; now: number }) {
  const key = keyOf(task);
  const number = String(run.number);
  // A group has no process and no log; each of its attempts is a try of all that is in it.
  const isGroup = picture?.graph.some((node) => node.name === task.task && node.kind === "group") ?? false;
  const retry = picture?.retries_at.find((one) => one.task === task.task && one.map_index === task.map_index);
  return (
    <>
      {task.label && <p className="soft">{task.label}</p>}
      <div className="row">
        <RerunButton run={run} task={key} />
        <MarkButton run={run} task={key} />
        <Copy text={cli("why", [run.number, key])} label="Copy as command" />
      </div>
      {retry && (
        <p className="row">
          <Signal state="up_for_retry" />
          <span>
            The next {isGroup ? "try" : "attempt"} begins in <strong>{countdownText(retry.at, now)}</strong>, at <At at={retry.at} only="time" seconds />
          </span>
        </p>
      )}
      <div>
        <h3>Why it is {wordsOf(task.state)}</h3>
        <WhyOf number={number} task={key} fallback={task.reason} />
      </div>
      <div>
        <h3>{isGroup ? "Tries" : "Attempts"}{task.max_attempts ? `, at most ${task.max_attempts}` : ""}</h3>
        {task.attempts.length === 0 ? (
          <p className="soft">{isEnded(task.state) ? "It was never started." : "None yet."}</p>
        ) : (
          <ul className="attempts">
            {task.attempts.toReversed().map((attempt) => (
              <li key={attempt.number}>
                <Signal state={attempt.state} title={wordsOf(attempt.state)} />
                <div>
                  <span>
                    {isGroup ? "Try" : "Attempt"} {attempt.number}, {wordsOf(attempt.state)}
                    {attempt.exit_code !== null && attempt.exit_code !== 0 && `, exit code ${attempt.exit_code}`}
                    {attempt.gpus && `, on ${attempt.gpus.length === 1 ? "device" : "devices"} ${attempt.gpus.join(", ")}`}
                  </span>
                  <p className="small soft">
                    <At at={attempt.started_at} seconds />, {durationText(spanSeconds(attempt.started_at, attempt.ended_at, now) ?? 0)}
                  </p>
                  {attempt.failure && (
                    <p className="small breaks">
                      <strong>{wordsOf(attempt.failure.class)}:</strong> {attempt.failure.message}
                    </p>
                  )}
                  {attempt.next_delay_seconds !== null && <p className="small soft">again after {durationText(attempt.next_delay_seconds)}</p>}
                </div>
                {!isGroup && (
                  <Link to="/runs/$number/logs/$task" params={{ number, task: key }} search={{ attempt: attempt.number }}>
                    Log
                  </Link>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
    </>
  );
}

function WhyOf({ number, task, fallback }: { number: string; task: string; fallback: string | null }) {
  const why = useQuery(whyQuery(number, task));
  const reasons = why.data?.reasons.map((reason) => reason.message) ?? (fallback ? [fallback] : []);
  return reasons.length === 0 ? (
    <p className="soft">Nothing more is known.</p>
  ) : (
    <ul className="reasons">
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}

function durationOf(task: Task, now: number): string {
  const seconds = spanSeconds(task.started_at, task.ended_at, now);
  return seconds === null ? "" : durationText(seconds);
}
