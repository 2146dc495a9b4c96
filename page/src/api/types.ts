import type { components } from "./schema";

/** The documents of the API, by the names that the page uses. Their shapes are made from `schemas/openapi.json`. */
type Schemas = components["schemas"];

/** A document with fields of free JSON told more exactly than the description can. */
type With<T, More> = Omit<T, keyof More> & More;

export interface Page<T> {
  items: T[];
  next: string | null;
}

export type Session = Schemas["SessionDocument"];
export type Answer = Schemas["AnswerDocument"];

export type Home = Schemas["HomeDocument"];
export type Need = Schemas["NeedDocument"];
export type RunLine = Schemas["MovingRunDocument"];
export type Station = Schemas["StationDocument"];
export type Departure = Schemas["DepartureDocument"];
export type QuietSchedule = Schemas["QuietScheduleDocument"];
export type Activity = Schemas["ActivityDocument"];
export type Outcome = Schemas["OutcomeDocument"];
export type PipelineLine = Schemas["PipelineRecordDocument"];

export type GridRun = Schemas["GridRunDocument"];
export type GridTask = Schemas["GridTaskDocument"];

export type Check = Schemas["CheckDocument"];
export type Attempt = Schemas["AttemptDocument"];
export type Task = Schemas["TaskDocument"];
export type Published = Schemas["PublishedDocument"];
export type Run = With<Schemas["RunDocument"], { params: Record<string, unknown> }>;
export type HistoryLine = Schemas["HistoryDocument"];
export type GraphTask = Schemas["GraphTaskDocument"];
export type RerunPlan = Schemas["RerunDocument"];
export type Outlook = Schemas["OutlookDocument"];
export type Why = Schemas["WhyDocument"];

export type InboxMessage = Schemas["InboxDocument"];
export type InboxDetail = With<Schemas["InboxDetailDocument"], { payload: unknown }>;
export type Approval = Schemas["ApprovalDocument"];
export type Freshness = Schemas["FreshnessDocument"];

export type Pipeline = Schemas["PipelineDocument"];
export type PipelineDetail = With<Schemas["PipelineDetailDocument"], { params: ParamSchema }>;
export type PipelineVersion = Schemas["PipelineVersionDocument"];
export type PipelineSource = Schemas["PipelineSourceDocument"];
export type GraphDocument = Schemas["GraphDocument"];
export type Sla = Schemas["SlaDocument"];
export type DurationRun = Schemas["DurationDocument"];

export type DatasetLine = Required<Schemas["DatasetLineDocument"]>;
export type DatasetPartition = Schemas["DatasetPartitionDocument"];
export type DatasetVersion = Schemas["VersionDocument"];
export type DatasetDocument = Schemas["DatasetDocument"];
export type Lineage = Schemas["LineageDocument"];

export type BackfillLine = Schemas["BackfillLineDocument"];
export type Backfill = Required<Schemas["BackfillDocument"]>;

export type ModelLine = Schemas["ModelLineDocument"];
export type ModelVersion = With<Schemas["ModelVersionDocument"], { metrics: Record<string, number> }>;
export type ModelDocument = With<Schemas["ModelDocument"], { versions: ModelVersion[] }>;

/** The parameters of a pipeline, as JSON Schema of the object that a run is given. */
export interface ParamSchema {
  type: string;
  properties: Record<string, ParamProperty>;
  required: string[];
}
export interface ParamProperty {
  type?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  enum?: unknown[];
}
