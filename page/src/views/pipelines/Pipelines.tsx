import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { pipelinesQuery } from "../../api/queries";
import { Answer } from "../../app/Answer";
import { At, useNow } from "../../app/preferences";
import { Empty } from "../../design/parts";
import { State } from "../../design/Signal";
import { counted } from "../../logic/numbers";
import { wordsOf } from "../../logic/states";
import { distanceText } from "../../logic/time";
import "./pipelines.css";

export function Pipelines() {
  const pipelines = useQuery(pipelinesQuery);
  const { tag } = useSearch({ from: "/pipelines" });
  const navigate = useNavigate({ from: "/pipelines" });
  const now = useNow(15_000);
  return (
    <div className="stack">
      <h1>Pipelines</h1>
      <Answer of={pipelines} what="the pipelines">
        {(all) => {
          const tags = [...new Set(all.flatMap((one) => one.tags))].sort();
          const shown = all.filter((one) => tag === undefined || one.tags.includes(tag));
          return all.length === 0 ? (
            <Empty command="signalbox init my_project">This project has no pipeline. A pipeline is a YAML file in pipelines/; a project with a working example:</Empty>
          ) : (
            <>
              {tags.length > 0 && (
                <div className="row" role="group" aria-label="Tags">
                  {tags.map((one) => (
                    <button key={one} type="button" className="tag" aria-pressed={one === tag} style={one === tag ? { background: "var(--ink)", color: "var(--paper)" } : undefined} onClick={() => void navigate({ search: { tag: one === tag ? undefined : one }, replace: true })}>
                      {one}
                    </button>
                  ))}
                </div>
              )}
              <ul className="pipeline-lines">
                {shown.map((one) => (
                  <li key={one.pipeline}>
                    <div>
                      <h2>
                        <Link to="/pipelines/$name" params={{ name: one.pipeline }} className="breaks">
                          {one.pipeline}
                        </Link>
                      </h2>
                      <p className="soft">{one.title}</p>
                      <p className="small faint">
                        {counted(one.tasks, "task")}
                        {one.owner && ` · ${one.owner}`}
                        {one.tags.length > 0 && ` · ${one.tags.join(", ")}`}
                        {` · idempotency ${wordsOf(one.idempotency)}`}
                      </p>
                    </div>
                    <div className="optional">
                      <p className="facts-label">Schedule</p>
                      {one.schedule ? (
                        <p>
                          <code>{one.schedule}</code> <span className="faint small">{one.time_zone}</span>
                        </p>
                      ) : (
                        <p className="soft">by hand</p>
                      )}
                    </div>
                    <div>
                      <p className="facts-label">Next</p>
                      {one.paused ? (
                        <State state="paused" />
                      ) : one.next ? (
                        <p>
                          <At at={one.next} /> <span className="faint small">{distanceText(one.next, now)}</span>
                        </p>
                      ) : (
                        <p className="soft">no run is due</p>
                      )}
                    </div>
                    <div>
                      <p className="facts-label">Last run</p>
                      {one.last_run ? (
                        <Link to="/runs/$number" params={{ number: String(one.last_run.number) }} className="quiet">
                          <State state={one.last_run.state} word={one.last_run.for} />
                        </Link>
                      ) : (
                        <p className="soft">never</p>
                      )}
                    </div>
                  </li>
                ))}
              </ul>
            </>
          );
        }}
      </Answer>
    </div>
  );
}
