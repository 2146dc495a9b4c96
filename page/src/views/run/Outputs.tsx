import { Link } from "@tanstack/react-router";
import type { Published } from "../../api/types";
import { Empty } from "../../design/parts";
import { bytesText, countText } from "../../logic/numbers";

/** What a run published, with the version that each became. */
export function Outputs({ published }: { published: Published[] }) {
  if (published.length === 0) {
    return <Empty command={`outputs: { sums: "data/sums/{{ ds }}.parquet" }`}>This run has published nothing. What a task writes to a declared output is staged, checked and then published in one step:</Empty>;
  }
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            <th>Dataset</th>
            <th>Partition</th>
            <th className="number">Version</th>
            <th className="number">Rows</th>
            <th className="number">Size</th>
            <th>Task</th>
            <th>Path</th>
            <th>SHA-256</th>
          </tr>
        </thead>
        <tbody>
          {published.map((one) => (
            <tr key={one.version}>
              <td>
                <Link to="/datasets/$name" params={{ name: one.dataset }}>
                  {one.dataset}
                </Link>
              </td>
              <td className="nowrap">{one.partition}</td>
              <td className="number">{one.version}</td>
              <td className="number">{one.rows === null ? "–" : countText(one.rows)}</td>
              <td className="number">{one.bytes === null ? "–" : bytesText(one.bytes)}</td>
              <td className="nowrap">{one.task}</td>
              <td className="mono small breaks">{one.path}</td>
              <td className="mono small" title={one.sha256 ?? undefined}>
                {one.sha256?.slice(0, 12) ?? "–"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
