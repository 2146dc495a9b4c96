import { memo } from "react";
import { type Signal as Kind, signalOf, wordsOf } from "../logic/states";
import "./parts.css";

/** A lamp with an arm: up and away is clear, level is stop. Decorative: the word stands beside it, or in `title`. */
export const Signal = memo(function Signal({ state, title }: { state: string; title?: string }) {
  const kind = signalOf(state);
  const hollow = kind === "waiting" || kind === "skipped" || kind === "none" || kind === "blocked";
  return (
    <svg
      className={`signal is-${kind}${hollow ? " hollow" : ""}${kind === "running" ? " running" : ""}`}
      viewBox="0 0 16 16"
      role={title ? "img" : undefined}
      aria-hidden={title ? undefined : true}
      aria-label={title}
    >
      {title && <title>{title}</title>}
      {shapeOf(kind)}
    </svg>
  );
});

function shapeOf(kind: Kind) {
  switch (kind) {
    case "success":
      return (
        <>
          <circle className="lamp" cx="8" cy="8" r="6.2" />
          <path className="arm" d="m5 8.600 2.100 2.100 4-5" />
        </>
      );
    case "failed":
      return (
        <>
          <rect className="lamp" x="1.800" y="1.800" width="12.400" height="12.400" rx="1" />
          <path className="arm" d="M4.600 8h6.800" />
        </>
      );
    case "running":
      return (
        <>
          <circle className="lamp" cx="8" cy="8" r="3.4" />
          <circle className="ring" cx="8" cy="8" r="6.4" />
        </>
      );
    case "retry":
      return (
        <>
          <path className="lamp" d="M8 1.800 14.600 13.600H1.400z" strokeLinejoin="round" />
          <path className="arm" d="M8 6.300v3.200M8 11.600v.1" />
        </>
      );
    case "blocked":
      return (
        <>
          <rect className="lamp" x="2" y="2" width="12" height="12" rx="1" />
          <path className="arm" d="M5 8h6" />
        </>
      );
    case "waiting":
      return <circle className="lamp" cx="8" cy="8" r="5.4" />;
    case "skipped":
      return (
        <>
          <circle className="lamp" cx="8" cy="8" r="5.4" strokeDasharray="2.4 2.2" />
          <path className="arm" d="M5.500 8h5" />
        </>
      );
    case "none":
      return <circle className="lamp" cx="8" cy="8" r="2.4" />;
  }
}

/** A state with its lamp and its word. */
export function State({ state, word }: { state: string; word?: string }) {
  return (
    <span className={`state is-${signalOf(state)}`}>
      <Signal state={state} />
      {word ?? wordsOf(state)}
    </span>
  );
}

export interface Station {
  name: string;
  state: string;
}

/** The tasks of a run as stations of a line. Beyond `most` the rest is counted. */
export const LineMap = memo(function LineMap({ stations, most = 16 }: { stations: readonly Station[]; most?: number }) {
  const shown = stations.slice(0, most);
  const rest = stations.length - shown.length;
  const text = stations.map((station) => `${station.name} ${wordsOf(station.state)}`).join(", ");
  return (
    <span className="line-map" role="img" aria-label={text}>
      {shown.map((station, index) => (
        <span key={`${station.name}.${index}`} style={{ display: "contents" }}>
          {index > 0 && <i className={`track is-${trackOf(shown[index - 1]!.state, station.state)}`} />}
          <span title={`${station.name}: ${wordsOf(station.state)}`} style={{ display: "inline-flex" }}>
            <Signal state={station.state} />
          </span>
        </span>
      ))}
      {rest > 0 && <small className="more faint">+{rest}</small>}
    </span>
  );
});

/** The track between two stations is coloured as far as the train has come. */
function trackOf(before: string, after: string): Kind {
  if (signalOf(before) !== "success") {
    return "none";
  }
  const next = signalOf(after);
  return next === "success" || next === "running" ? next : "none";
}
