import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { timetableQuery } from "../../api/queries";
import { Answer } from "../../app/Answer";
import { useClock, useNow } from "../../app/preferences";
import { Copy, Empty } from "../../design/parts";
import { curl } from "../../logic/commands";
import { counted } from "../../logic/numbers";
import { distanceText, durationText, weekdayText } from "../../logic/time";
import { byDay, windowOf } from "../../logic/timetable";
import "../pipelines/pipelines.css";

/** The runs that are due in a window of time. */
export function Timetable() {
  const search = useSearch({ from: "/timetable" });
  const navigate = useNavigate({ from: "/timetable" });
  const clock = useClock();
  const now = useNow(30_000);
  const minute = Math.floor(now / 60_000) * 60_000;
  const window = useMemo(() => windowOf(search, clock.day(new Date(minute).toISOString())), [search, clock, minute]);
  const departures = useQuery(timetableQuery(window.from, window.to));
  return (
    <div className="stack">
      <div className="title">
        <div>
          <h1>Timetable</h1>
          <p>The runs that schedules will start, in {clock.zone}. Paused pipelines start none.</p>
        </div>
        <div className="actions">
          <Copy text={curl(globalThis.location.origin, "GET", `/api/timetable?from=${window.from}&to=${window.to}`)} label="Copy as curl" />
        </div>
      </div>
      <div className="row">
        <label className="field">
          From
          <input className="input" type="date" value={window.fromDay} onChange={(event) => void navigate({ search: (before) => ({ ...before, from: event.target.value || undefined }), replace: true })} />
        </label>
        <label className="field">
          Days
          <select className="input" value={String(window.days)} onChange={(event) => void navigate({ search: (before) => ({ ...before, days: Number(event.target.value) }), replace: true })}>
            {[1, 3, 7, 14, 31].map((days) => (
              <option key={days} value={days}>
                {counted(days, "day")}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Answer of={departures} what="the timetable">
        {(all) =>
          all.length === 0 ? (
            <Empty command={`schedule: "15 2 * * *"`}>No run is due in this time. A pipeline gets a schedule with a line of its file:</Empty>
          ) : (
            <div>
              {byDay(all, clock.day).map(({ day, departures: rows }) => (
                <section key={day} className="timetable-day">
                  <h2>
                    {weekdayText(rows[0]!.at, clock.zone)} {day}
                    <small>{counted(rows.length, "run")}</small>
                  </h2>
                  <table>
                    <thead className="visually-hidden">
                      <tr>
                        <th>Time</th>
                        <th>Pipeline</th>
                        <th>Local time of its schedule</th>
                        <th>In</th>
                      </tr>
                    </thead>
                    <tbody>
                      {rows.map((row) => (
                        <tr key={`${row.pipeline}.${row.at}`}>
                          <td>{clock.time(row.at)}</td>
                          <td>
                            <Link to="/pipelines/$name" params={{ name: row.pipeline }} className="strong">
                              {row.pipeline}
                            </Link>{" "}
                            <span className="soft">for {row.partition}</span>
                            {row.expected_seconds !== null && <span className="faint small">, takes about {durationText(row.expected_seconds)}</span>}
                          </td>
                          <td className="optional soft small">
                            {row.local.slice(0, 16).replace("T", " ")} {row.time_zone}
                          </td>
                          <td className="number soft small">{distanceText(row.at, now)}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </section>
              ))}
            </div>
          )
        }
      </Answer>
    </div>
  );
}
