import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { runQuery } from "../../api/queries";
import { logPath } from "../../api/logs";
import { Answer } from "../../app/Answer";
import { Copy, Empty, Segmented } from "../../design/parts";
import { State } from "../../design/Signal";
import { cli, curl } from "../../logic/commands";
import { keyOf } from "../../logic/gantt";
import { isEnded } from "../../logic/states";
import { LogBox } from "./LogBox";
import "./log.css";

type Stream = "stdout" | "stderr";

/** What an attempt wrote. Which attempt and which stream stand in the address. */
export function Log() {
  const { number, task: key } = useParams({ from: "/runs/$number/logs/$task" });
  const search = useSearch({ from: "/runs/$number/logs/$task" });
  const navigate = useNavigate({ from: "/runs/$number/logs/$task" });
  const run = useQuery(runQuery(number));
  return (
    <Answer of={run} what="the log">
      {(detail) => {
        const task = detail.tasks?.find((one) => keyOf(one) === key);
        const attempts = task?.attempts ?? [];
        const attempt = attempts.find((one) => one.number === search.attempt) ?? attempts.at(-1);
        const stream: Stream = search.stream ?? (attempt?.state === "failed" ? "stderr" : "stdout");
        return (
          <div className="stack">
            <div className="title">
              <div>
                <p className="crumbs">
                  <Link to="/runs/$number" params={{ number }} search={{ task: key }}>
                    {detail.pipeline}, {detail.partition}
                  </Link>{" "}
                  / {key}
                </p>
                <h1>Log of {key}</h1>
              </div>
              <div className="actions">
                <Copy text={cli("logs", [number, key], { attempt: attempt?.number, stream })} label="Copy as command" />
                {attempt && <Copy text={curl(window.location.origin, "GET", logPath({ run: number, task: key, attempt: attempt.number, stream }))} label="Copy as curl" />}
              </div>
            </div>
            {attempt === undefined ? (
              <Empty command={cli("why", [number, key])}>{task ? "It has not been started, so it has written nothing. Why:" : `Run ${number} has no task ${key}.`}</Empty>
            ) : (
              <>
                <div className="row wide">
                  {attempts.length > 1 ? (
                    <Segmented label="Attempt" value={String(attempt.number)} options={attempts.map((one) => ({ value: String(one.number), text: `Attempt ${one.number}` }))} onChange={(value) => void navigate({ search: (before) => ({ ...before, attempt: Number(value), stream: undefined }), replace: true })} />
                  ) : (
                    <span className="soft">Attempt {attempt.number}</span>
                  )}
                  <State state={attempt.state} />
                  {attempt.failure && <span className="small breaks">{attempt.failure.message}</span>}
                  <Segmented<Stream>
                    label="Stream"
                    value={stream}
                    options={[
                      { value: "stdout", text: "Standard output" },
                      { value: "stderr", text: "Standard error" },
                    ]}
                    onChange={(value) => void navigate({ search: (before) => ({ ...before, attempt: attempt.number, stream: value }), replace: true })}
                  />
                </div>
                <LogBox key={`${attempt.number}.${stream}`} place={{ run: number, task: key, attempt: attempt.number, stream }} isOver={isEnded(attempt.state) || attempt.ended_at !== null} />
              </>
            )}
          </div>
        );
      }}
    </Answer>
  );
}
