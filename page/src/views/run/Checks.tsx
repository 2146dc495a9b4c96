import { Empty } from "../../design/parts";
import { State } from "../../design/Signal";
import { cellText, type CheckLine, tableOf, verdictOf } from "../../logic/run";

/** What was asked of the data, what was seen, and what was wanted. */
export function Checks({ checks }: { checks: CheckLine[] }) {
  if (checks.length === 0) {
    return <Empty command={`checks: [{ not_null: [id] }, { row_count: { min: 1 } }]`}>No output of this run has a check. A check looks at what a task wrote before anybody can read it; it stands at an output in the pipeline's file:</Empty>;
  }
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            <th>Result</th>
            <th>Task</th>
            <th>Check</th>
            <th>Seen</th>
            <th>Wanted</th>
          </tr>
        </thead>
        <tbody>
          {checks.map((check, index) => (
            <tr key={index} className={check.latest ? "" : "soft"}>
              <td>
                <State state={verdictOf(check)} />
              </td>
              <td className="nowrap">
                {check.task}
                {!check.latest && <span className="faint small"> attempt {check.attempt}</span>}
              </td>
              <td className="breaks">
                {check.subject}: {check.name}
              </td>
              <td className="breaks">
                {check.observed ?? "–"}
                {!check.passed && <Samples samples={check.samples} message={check.message} />}
              </td>
              <td className="breaks">{check.expected ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Samples({ samples, message }: { samples: unknown; message: string | null }) {
  const table = Array.isArray(samples) && samples.length > 0 ? tableOf(samples) : null;
  return (
    <>
      {message && <p className="small soft">{message}</p>}
      {table && (
        <details>
          <summary className="small">{table.rows.length} of the rows that failed</summary>
          <Table columns={table.columns} rows={table.rows} />
        </details>
      )}
    </>
  );
}

/** Rows of any shape, as a table that scrolls by itself. */
export function Table({ columns, rows }: { columns: string[]; rows: unknown[][] }) {
  return (
    <div className="scroll samples" tabIndex={0} role="region" aria-label="Rows">
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={columns[column]} className={`small ${typeof cell === "number" ? "number" : "breaks"}`}>
                  {cellText(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
