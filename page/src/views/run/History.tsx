import { useQuery } from "@tanstack/react-query";
import { historyQuery } from "../../api/queries";
import { Answer } from "../../app/Answer";
import { At } from "../../app/preferences";
import { keyOf } from "../../logic/gantt";
import { State } from "../../design/Signal";

/** Every change of state, in its order, with its reason. */
export function History({ number }: { number: string }) {
  const history = useQuery(historyQuery(number));
  return (
    <Answer of={history} what="the history">
      {(lines) => (
        <div className="scroll" tabIndex={0} role="group" aria-label="Table">
          <table className="history">
            <thead>
              <tr>
                <th>When</th>
                <th>What</th>
                <th>Becomes</th>
                <th>Why</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line, index) => (
                <tr key={index}>
                  <td>
                    <At at={line.at} only="time" seconds />
                  </td>
                  <td>{line.task === null ? "the run" : keyOf({ task: line.task, map_index: line.map_index })}</td>
                  <td>
                    <State state={line.to} />
                  </td>
                  <td className="breaks soft">{line.reason ?? line.event.replaceAll("_", " ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Answer>
  );
}
