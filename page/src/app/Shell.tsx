import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { homeQuery } from "../api/queries";
import { Segmented } from "../design/parts";
import { zoneOf } from "../logic/time";
import { Account } from "./Account";
import { useLive } from "./live";
import { type Theme, usePreferences } from "./preferences";
import "./shell.css";

const views = [
  { to: "/", text: "Home" },
  { to: "/runs", text: "Runs" },
  { to: "/pipelines", text: "Pipelines" },
  { to: "/timetable", text: "Timetable" },
  { to: "/datasets", text: "Datasets" },
  { to: "/backfills", text: "Backfills" },
  { to: "/models", text: "Models" },
] as const;

export function Shell() {
  const { theme, setTheme, clock, setClock } = usePreferences();
  const link = useLive();
  const needs = useQuery(homeQuery).data?.needs.length ?? 0;
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    document.title = titleOf(path);
    window.scrollTo(0, 0);
  }, [path]);
  return (
    <div className="shell">
      <a className="skip" href="#view">
        To the content
      </a>
      <header className="rail">
        <Link to="/" className="name">
          <svg viewBox="0 0 24 28" aria-hidden="true">
            <path d="M6 27V2M2 27h8" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round" />
            <path d="m6 9 14-7.500 2 4L6 14z" fill="#e0523f" />
            <path d="m15.600 3.900 2.700-1.400 2 4-2.700 1.300z" fill="#f4f1ea" />
          </svg>
          Signalbox
        </Link>
        <nav aria-label="Views">
          <ul>
            {views.map((view) => (
              <li key={view.to}>
                <Link to={view.to} activeOptions={{ exact: view.to === "/", includeSearch: false }} activeProps={{ className: "active" }}>
                  {view.text}
                  {view.to === "/" && needs > 0 && (
                    <span className="count" aria-label={`${needs} need you`}>
                      {needs}
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="foot">
          <div className={`link-lamp ${link === "live" ? "" : "down"}`} role="status">
            <i aria-hidden="true" />
            <span>{link === "live" ? "Live" : link === "connecting" ? "Connecting …" : "The server is not there"}</span>
          </div>
          <Segmented
            label="Clock"
            value={clock}
            options={[
              { value: "utc", text: "UTC" },
              { value: "local", text: "Local" },
            ]}
            onChange={setClock}
          />
          <span className="zone">Times in {zoneOf(clock)}</span>
          <Segmented<Theme>
            label="Theme"
            value={theme}
            options={[
              { value: "system", text: "Auto" },
              { value: "light", text: "Day" },
              { value: "dark", text: "Night" },
            ]}
            onChange={setTheme}
          />
          <Account />
        </div>
      </header>
      <main className="view" id="view" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function titleOf(path: string): string {
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  return parts.length === 0 ? "Signalbox" : `${parts.reverse().join(" · ")} · Signalbox`;
}
