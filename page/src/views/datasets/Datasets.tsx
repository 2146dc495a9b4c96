import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { datasetsQuery } from "../../api/queries";
import { Answer } from "../../app/Answer";
import { At } from "../../app/preferences";
import { Empty, Loading } from "../../design/parts";
import { State } from "../../design/Signal";
import { bytesText, countText } from "../../logic/numbers";
import "./datasets.css";

const Lineage = lazy(() => import("./Lineage"));

export function Datasets() {
  const { view } = useSearch({ from: "/datasets" });
  const navigate = useNavigate({ from: "/datasets" });
  const datasets = useQuery(datasetsQuery);
  return (
    <div className="stack">
      <h1>Datasets</h1>
      <nav className="tabs" aria-label="Datasets">
        <Link to="/datasets" search={{}} activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }} activeProps={{}} className={view === "lineage" ? "" : "active"} aria-current={view === "lineage" ? undefined : "page"}>
          All datasets
        </Link>
        <Link to="/datasets" search={{ view: "lineage" }} activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }} activeProps={{}} className={view === "lineage" ? "active" : ""} aria-current={view === "lineage" ? "page" : undefined}>
          Lineage
        </Link>
      </nav>
      <Answer of={datasets} what="the datasets">
        {(all) =>
          all.length === 0 ? (
            <Empty command={`outputs: { sums: "data/sums/{{ ds }}.parquet" }`}>Nothing has been published yet. What a task writes to a declared output becomes a version of a dataset:</Empty>
          ) : view === "lineage" ? (
            <Suspense fallback={<Loading what="the lineage" />}>
              <Lineage onSelect={(name) => void navigate({ to: "/datasets/$name", params: { name } })} />
            </Suspense>
          ) : (
            <div className="scroll" tabIndex={0} role="group" aria-label="Table">
              <table>
                <thead>
                  <tr>
                    <th>Dataset</th>
                    <th>State</th>
                    <th className="number">Partitions</th>
                    <th className="number">Rows</th>
                    <th className="number">Size</th>
                    <th>Kind</th>
                    <th>Newest</th>
                    <th>Changed</th>
                    <th>Made by</th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((one) => (
                    <tr key={one.dataset}>
                      <td>
                        <Link to="/datasets/$name" params={{ name: one.dataset }} className="strong">
                          {one.dataset}
                        </Link>
                      </td>
                      <td>
                        {one.late_since ? (
                          <span title={`it had to be updated by ${one.late_since}`}>
                            <State state="late" />
                          </span>
                        ) : one.stale > 0 ? (
                          <span title="made from versions that were renewed since">
                            <State state="warning" word={`${countText(one.stale)} stale`} />
                          </span>
                        ) : (
                          <span className="faint">–</span>
                        )}
                      </td>
                      <td className="number">{countText(one.partitions)}</td>
                      <td className="number">{one.rows === null ? "–" : countText(one.rows)}</td>
                      <td className="number">{one.bytes === null ? "–" : bytesText(one.bytes)}</td>
                      <td>{one.kind}</td>
                      <td className="nowrap">{one.partition}</td>
                      <td>
                        <At at={one.switched_at} />
                      </td>
                      <td>
                        <Link to="/runs/$number" params={{ number: String(one.run) }} className="quiet">
                          {one.task}, run {one.run}
                        </Link>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
    </div>
  );
}
