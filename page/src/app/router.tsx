import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Problem } from "../api/client";
import { Empty } from "../design/parts";
import { filterOf } from "../logic/grid";
import type { TimetableSearch } from "../logic/timetable";
import type { Which } from "../logic/wish";
import { Home } from "../views/home/Home";
import type { PipelineTab } from "../views/pipelines/Pipeline";
import type { RunTab } from "../views/run/Run";
import { Trouble } from "./Answer";
import { Shell } from "./Shell";

type Search = Record<string, unknown>;

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined);
const whole = (value: unknown) => (Number.isInteger(Number(value)) && value !== null && value !== "" ? Number(value) : undefined);
const oneOf = <T extends string>(value: unknown, known: readonly T[]) => known.find((one) => one === value);

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <Empty>There is no such page. The views of Signalbox are in the line at the side.</Empty>,
  errorComponent: ({ error }) => <Trouble error={new Problem(0, "This page cannot be shown", error instanceof Error ? error.message : String(error))} />,
});

const home = createRoute({ getParentRoute: () => root, path: "/", component: Home });
const runs = createRoute({ getParentRoute: () => root, path: "/runs", validateSearch: filterOf, component: lazyRouteComponent(() => import("../views/runs/Runs"), "Runs") });
const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$number",
  validateSearch: (search: Search): { tab?: RunTab; task?: string } => ({ tab: oneOf<RunTab>(search.tab, ["checks", "outputs", "results", "history"]), task: text(search.task) }),
  component: lazyRouteComponent(() => import("../views/run/Run"), "Run"),
});
const log = createRoute({
  getParentRoute: () => root,
  path: "/runs/$number/logs/$task",
  validateSearch: (search: Search): { attempt?: number; stream?: "stdout" | "stderr" } => ({ attempt: whole(search.attempt), stream: oneOf(search.stream, ["stdout", "stderr"] as const) }),
  component: lazyRouteComponent(() => import("../views/log/Log"), "Log"),
});
const pipelines = createRoute({ getParentRoute: () => root, path: "/pipelines", validateSearch: (search: Search): { tag?: string } => ({ tag: text(search.tag) }), component: lazyRouteComponent(() => import("../views/pipelines/Pipelines"), "Pipelines") });
const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipelines/$name",
  validateSearch: (search: Search): { tab?: PipelineTab; version?: string; against?: string } => ({ tab: oneOf<PipelineTab>(search.tab, ["tasks", "durations", "versions", "trigger"]), version: text(search.version), against: text(search.against) }),
  component: lazyRouteComponent(() => import("../views/pipelines/Pipeline"), "Pipeline"),
});
const timetable = createRoute({ getParentRoute: () => root, path: "/timetable", validateSearch: (search: Search): TimetableSearch => ({ from: text(search.from), days: whole(search.days) }), component: lazyRouteComponent(() => import("../views/timetable/Timetable"), "Timetable") });
const datasets = createRoute({ getParentRoute: () => root, path: "/datasets", validateSearch: (search: Search): { view?: "lineage" } => ({ view: oneOf(search.view, ["lineage"] as const) }), component: lazyRouteComponent(() => import("../views/datasets/Datasets"), "Datasets") });
const dataset = createRoute({ getParentRoute: () => root, path: "/datasets/$name", validateSearch: (search: Search): { partition?: string } => ({ partition: text(search.partition) }), component: lazyRouteComponent(() => import("../views/datasets/Dataset"), "Dataset") });
const backfills = createRoute({ getParentRoute: () => root, path: "/backfills", component: lazyRouteComponent(() => import("../views/backfills/Backfills"), "Backfills") });
const newBackfill = createRoute({
  getParentRoute: () => root,
  path: "/backfills/new",
  validateSearch: (search: Search): { pipeline?: string; from?: string; to?: string; which?: Which } => ({ pipeline: text(search.pipeline), from: text(search.from), to: text(search.to), which: oneOf<Which>(search.which, ["all", "missing", "failed", "stale"]) }),
  component: lazyRouteComponent(() => import("../views/backfills/NewBackfill"), "NewBackfill"),
});
const backfill = createRoute({ getParentRoute: () => root, path: "/backfills/$id", component: lazyRouteComponent(() => import("../views/backfills/Backfill"), "Backfill") });
const models = createRoute({ getParentRoute: () => root, path: "/models", component: lazyRouteComponent(() => import("../views/models/Models"), "Models") });
const model = createRoute({ getParentRoute: () => root, path: "/models/$name", validateSearch: (search: Search): { version?: number; against?: number } => ({ version: whole(search.version), against: whole(search.against) }), component: lazyRouteComponent(() => import("../views/models/Model"), "Model") });

export const router = createRouter({
  routeTree: root.addChildren([home, runs, run, log, pipelines, pipeline, timetable, datasets, dataset, backfills, newBackfill, backfill, models, model]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
