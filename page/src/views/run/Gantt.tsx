import type { Gantt as Chart } from "../../logic/gantt";
import { signalOf, wordsOf } from "../../logic/states";
import { durationText } from "../../logic/time";
import { Signal } from "../../design/Signal";

/** Attempts over time. The same numbers stand in the list of tasks. */
export function Gantt({ chart, onSelect }: { chart: Chart; onSelect: (key: string) => void }) {
  return (
    <div className="gantt">
      <span />
      <div className="axis" aria-hidden="true">
        {chart.marks.map((mark) => (
          <span key={mark.at} style={{ left: `${mark.left * 100}%` }}>
            {mark.text}
          </span>
        ))}
      </div>
      <span />
      {chart.rows.map((row) => {
        const ran = row.bars.filter((bar) => bar.kind === "attempt");
        const seconds = ran.reduce((sum, bar) => sum + (bar.to - bar.from) / 1000, 0);
        return (
          <div key={row.key} style={{ display: "contents" }}>
            <div className="label">
              <Signal state={row.state} title={wordsOf(row.state)} />
              <button type="button" onClick={() => onSelect(row.key)} title={row.name}>
                {row.name}
              </button>
            </div>
            <div className="lane">
              {chart.marks.map((mark) => (
                <span key={mark.at} className="grid-line" style={{ left: `${mark.left * 100}%` }} />
              ))}
              {chart.expectedEnd !== null && <span className="arrival" style={{ left: `${((chart.expectedEnd - chart.from) / (chart.to - chart.from)) * 100}%` }} />}
              {row.bars.map((bar, index) => (
                <i
                  key={index}
                  className={`is-${signalOf(bar.state)} ${bar.kind === "attempt" ? signalOf(bar.state) : bar.kind}`}
                  style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%` }}
                  title={`${bar.kind === "attempt" ? `attempt ${bar.attempt}: ${wordsOf(bar.state)}` : bar.kind === "wait" ? "waits before the next attempt" : "expected"}, ${durationText((bar.to - bar.from) / 1000)}`}
                />
              ))}
            </div>
            <span className="took">{ran.length > 0 ? durationText(seconds) : ""}</span>
          </div>
        );
      })}
    </div>
  );
}
