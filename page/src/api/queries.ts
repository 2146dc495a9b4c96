import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { GridFilter } from "../logic/grid";
import { get } from "./client";
import type {
  Approval,
  Backfill,
  BackfillLine,
  DatasetDocument,
  DatasetLine,
  DatasetPartition,
  Departure,
  DurationRun,
  Freshness,
  GraphDocument,
  GridRun,
  HistoryLine,
  Home,
  InboxDetail,
  Lineage,
  ModelDocument,
  ModelLine,
  Page,
  Pipeline,
  PipelineDetail,
  PipelineSource,
  PipelineVersion,
  RerunPlan,
  Run,
  Outlook,
  Session,
  Sla,
  Why,
} from "./types";

export const sessionQuery = queryOptions({ queryKey: ["session"], queryFn: ({ signal }) => get<Session>("/api/session", {}, signal), staleTime: Number.POSITIVE_INFINITY, meta: { still: true } });

export const homeQuery = queryOptions({ queryKey: ["home"], queryFn: ({ signal }) => get<Home>("/api/home", {}, signal), refetchInterval: 30_000 });

export const pipelinesQuery = queryOptions({
  queryKey: ["pipelines"],
  queryFn: async ({ signal }) => (await get<Page<Pipeline>>("/api/pipelines", { limit: 1000 }, signal)).items,
  staleTime: 10_000,
});

const gridPage = 100;

export const gridQuery = (filter: GridFilter) =>
  infiniteQueryOptions({
    queryKey: ["grid", filter],
    queryFn: ({ pageParam, signal }) => get<Page<GridRun>>("/api/grid", { ...filter, limit: gridPage, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });

export const runQuery = (number: string) =>
  queryOptions({ queryKey: ["run", number], queryFn: async ({ signal }) => (await get<{ run: Run; history: HistoryLine[] }>(`/api/runs/${number}`, {}, signal)).run });

export const historyQuery = (number: string) => queryOptions({ queryKey: ["history", number], queryFn: ({ signal }) => get<HistoryLine[]>(`/api/runs/${number}/history`, {}, signal) });

export const outlookQuery = (number: string) => queryOptions({ queryKey: ["outlook", number], queryFn: ({ signal }) => get<Outlook>(`/api/runs/${number}/outlook`, {}, signal) });

export const whyQuery = (number: string, task?: string) =>
  queryOptions({ queryKey: ["why", number, task ?? null], queryFn: ({ signal }) => get<Why>(`/api/runs/${number}${task ? `/tasks/${encodeURIComponent(task)}` : ""}/why`, {}, signal) });

export const approvalsQuery = queryOptions({ queryKey: ["approvals"], queryFn: ({ signal }) => get<Approval[]>("/api/approvals", {}, signal) });

export const letterQuery = (id: number) => queryOptions({ queryKey: ["letter", id], queryFn: ({ signal }) => get<InboxDetail>(`/api/inbox/${id}`, {}, signal) });

export const rerunPath = (number: number) => `/api/runs/${number}/rerun`;

export const rerunPlan = (number: number, mode: string, task: string | undefined, signal?: AbortSignal) => get<RerunPlan>(`/api/runs/${number}/rerun`, { mode, task }, signal);

const pipelinePath = (name: string) => `/api/pipelines/${encodeURIComponent(name)}`;

export const pipelineQuery = (name: string) => queryOptions({ queryKey: ["pipeline", name], queryFn: ({ signal }) => get<PipelineDetail>(pipelinePath(name), {}, signal) });

export const graphQuery = (name: string) => queryOptions({ queryKey: ["graph", name], queryFn: ({ signal }) => get<GraphDocument>(`${pipelinePath(name)}/graph`, {}, signal) });

export const versionsQuery = (name: string) =>
  queryOptions({ queryKey: ["versions", name], queryFn: async ({ signal }) => (await get<Page<PipelineVersion>>(`${pipelinePath(name)}/versions`, { limit: 200 }, signal)).items });

export const sourceQuery = (name: string, version: string) =>
  queryOptions({ queryKey: ["source", name, version], queryFn: ({ signal }) => get<PipelineSource>(`${pipelinePath(name)}/versions/${version}`, {}, signal), staleTime: Number.POSITIVE_INFINITY, meta: { still: true } });

export const durationsQuery = (name: string) => queryOptions({ queryKey: ["durations", name], queryFn: ({ signal }) => get<DurationRun[]>(`${pipelinePath(name)}/durations`, { limit: 200 }, signal) });

export const slaQuery = (name: string) => queryOptions({ queryKey: ["sla", name], queryFn: ({ signal }) => get<Sla[]>("/api/sla", { pipeline: name }, signal) });

export const timetableQuery = (from: string, to: string) => queryOptions({ queryKey: ["timetable", from, to], queryFn: ({ signal }) => get<Departure[]>("/api/timetable", { from, to }, signal) });

export const datasetsQuery = queryOptions({ queryKey: ["datasets"], queryFn: ({ signal }) => get<DatasetLine[]>("/api/datasets", {}, signal) });

export const lineageQuery = queryOptions({ queryKey: ["lineage"], queryFn: ({ signal }) => get<Lineage>("/api/lineage", {}, signal) });

export const datasetQuery = (name: string) => queryOptions({ queryKey: ["dataset", name], queryFn: ({ signal }) => get<DatasetDocument>("/api/datasets/versions", { name, limit: 200 }, signal) });

export const partitionsQuery = (name: string) => queryOptions({ queryKey: ["partitions", name], queryFn: ({ signal }) => get<DatasetPartition[]>("/api/datasets/partitions", { name }, signal) });

export const freshnessQuery = queryOptions({ queryKey: ["freshness"], queryFn: ({ signal }) => get<Freshness>("/api/datasets/freshness", {}, signal) });

export const backfillsQuery = queryOptions({ queryKey: ["backfills"], queryFn: async ({ signal }) => (await get<Page<BackfillLine>>("/api/backfills", { limit: 200 }, signal)).items });

export const backfillQuery = (id: string) => queryOptions({ queryKey: ["backfill", id], queryFn: ({ signal }) => get<Backfill>(`/api/backfills/${id}`, {}, signal) });

export const modelsQuery = queryOptions({ queryKey: ["models"], queryFn: ({ signal }) => get<ModelLine[]>("/api/models", {}, signal) });

export const modelQuery = (name: string) => queryOptions({ queryKey: ["model", name], queryFn: ({ signal }) => get<ModelDocument>("/api/models/versions", { name }, signal) });
