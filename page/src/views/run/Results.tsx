import type { Outlook } from "../../api/types";
import { Empty, Panel } from "../../design/parts";
import { keyOf } from "../../logic/gantt";
import { cellText, tableOf } from "../../logic/run";
import { Table } from "./Checks";

/** What tasks handed on: small values that later tasks read in their templates. */
export function Results({ results }: { results: Outlook["results"] }) {
  if (results.length === 0) {
    return <Empty command={`echo '{"rows": 42}' > "$SIGNALBOX_RESULT"`}>No task of this run gave a result. A command hands one on by writing JSON to the file that SIGNALBOX_RESULT names:</Empty>;
  }
  return (
    <div className="stack wide">
      {results.map((one) => {
        const table = tableOf(one.result);
        return (
          <Panel key={keyOf(one)} title={keyOf(one)}>
            {table ? <Table columns={table.columns} rows={table.rows} /> : <p className="mono breaks">{cellText(one.result)}</p>}
          </Panel>
        );
      })}
    </div>
  );
}
