/** The documents of the API, by the names that the page uses. */
export interface Station {
  name: string;
  state: string;
}
export interface RunLine {
  number: number;
  pipeline: string;
  partition: string;
  state: string;
  trigger: string;
  reason: string | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  expected_end: string | null;
  tasks: Station[];
}
export interface Need {
  kind: string;
  pipeline: string;
  run: number | null;
  task: string | null;
  partition: string | null;
  message: string;
  at: string | null;
}
export interface Departure {
  pipeline: string;
  at: string;
  local: string;
  time_zone: string;
  partition: string;
  expected_seconds: number | null;
}
export interface Activity {
  at: string;
  kind: string;
  pipeline: string;
  run: number | null;
  task: string | null;
  partition: string | null;
  message: string;
  seconds: number | null;
}
export interface Outcome {
  number: number;
  state: string;
  partition: string;
  ended_at: string | null;
  seconds: number | null;
}
export interface PipelineLine {
  pipeline: string;
  title: string | null;
  paused: boolean;
  next: string | null;
  outcomes: Outcome[];
}
export interface Health {
  engine: string | null;
  database: string;
  disk_free_bytes: number | null;
  queued: number;
  running: number;
  waiting: number;
  slots: number | null;
}
export interface Home {
  at: string;
  needs: Need[];
  running: RunLine[];
  next: Departure[];
  recent: Activity[];
  pipelines: PipelineLine[];
  health: Health;
}
export interface Page<T> {
  items: T[];
  next: string | null;
}
export interface GridRun {
  number: number;
  run_id: string;
  pipeline: string;
  version: string;
  logical_date: string;
  partition: string;
  trigger: string;
  backfill: number | null;
  state: string;
  reason: string | null;
  started_at: string | null;
  ended_at: string | null;
  tasks: GridTask[];
}
export interface GridTask {
  task: string;
  state: string;
  attempts: number;
  instances: number | null;
  started_at: string | null;
  ended_at: string | null;
}
export interface Session {
  user: { name: string; role: string } | null;
  antiforgery: string | null;
  needs_set_up: boolean;
  version: string;
}
export interface Failure {
  class: string;
  message: string;
  rule: string | null;
}
export interface Attempt {
  number: number;
  state: string;
  exit_code: number | null;
  started_at: string | null;
  ended_at: string | null;
  next_delay_seconds: number | null;
  failure: Failure | null;
}
export interface Check {
  subject: string;
  name: string;
  kind: string;
  severity: string;
  passed: boolean;
  attempt: number;
  observed: string | null;
  expected: string | null;
  message: string | null;
  samples: unknown;
}
export interface Task {
  task: string;
  map_index: number;
  label: string | null;
  state: string;
  reason: string | null;
  started_at: string | null;
  ended_at: string | null;
  attempts: Attempt[];
  checks: Check[];
}
export interface Published {
  dataset: string;
  partition: string;
  version: number;
  state: string;
  path: string;
  kind: string;
  sha256: string | null;
  rows: number | null;
  bytes: number | null;
  task: string;
  map_index: number;
  attempt: number;
}
export interface Run {
  run_id: string;
  number: number;
  pipeline: string;
  version: string;
  logical_date: string;
  data_interval_start: string;
  data_interval_end: string;
  partition: string;
  trigger: string;
  backfill: number | null;
  author: string | null;
  state: string;
  reason: string | null;
  params: Record<string, unknown>;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  duration_seconds: number | null;
  tasks: Task[] | null;
  published: Published[] | null;
}
export interface HistoryLine {
  at: string;
  task: string | null;
  map_index: number;
  attempt: number;
  from: string;
  event: string;
  to: string;
  reason: string | null;
}
export interface GraphTask {
  name: string;
  kind: string;
  level: number;
  needs: string[];
  mapped: boolean;
  outputs: string[];
}
/** What the page shows of a run beside the run itself. */
export interface RunPicture {
  graph: GraphTask[];
  expected: { task: string; starts_at: string | null; ends_at: string | null }[];
  expected_end: string | null;
  results: { task: string; map_index: number; result: unknown }[];
  retries_at: { task: string; map_index: number; at: string }[];
}
export interface Why {
  subject: string;
  state: string;
  reasons: { kind: string; message: string }[];
}
export interface Answer {
  done: boolean;
  message: string;
}
export interface RerunPlan {
  run_id: string;
  number: number;
  tasks: string[];
}
export interface LastRun {
  number: number;
  for: string;
  state: string;
  ended_at: string | null;
}
export interface Pipeline {
  pipeline: string;
  title: string | null;
  file: string;
  version: string;
  owner: string | null;
  tags: string[];
  schedule: string | null;
  time_zone: string;
  paused: boolean;
  paused_reason: string | null;
  next: string | null;
  last_run: LastRun | null;
  tasks: number;
  idempotency: string;
}
export interface Policy {
  task: string;
  kind: string;
  timeout: number | null;
  default_timeout: number;
  retries: number;
  max_attempts: number;
  retry_delay: number;
  backoff: string;
  max_retry_delay: number;
  retry_on: string[];
  lost_budget: number;
  pool: string;
  slots: number;
  trigger_rule: string;
}
export interface PipelineDetail {
  about: Pipeline;
  sentence: string;
  next_ticks: { utc: string; local: string }[];
  policies: Policy[];
  params: ParamSchema;
}
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
export interface PipelineVersion {
  version: string;
  first_seen: string;
  current: boolean;
}
export interface PipelineSource extends PipelineVersion {
  pipeline: string;
  file: string | null;
  source: string;
}
export interface GraphDocument {
  pipeline: string;
  sentence: string;
  tasks: GraphTask[];
  mermaid: string;
  idempotency: string;
}
export interface DurationRun {
  number: number;
  partition: string;
  state: string;
  started_at: string;
  seconds: number;
}
export interface DatasetLine {
  dataset: string;
  kind: string;
  partitions: number;
  paths: number;
  rows: number | null;
  bytes: number | null;
  version: number;
  partition: string;
  run: number;
  task: string;
  switched_at: string;
}
export interface DatasetPartition {
  partition: string;
  path: string;
  kind: string;
  version: number;
  sha256: string | null;
  rows: number | null;
  bytes: number | null;
  run: number;
  task: string;
  published_at: string | null;
}
export interface DatasetVersion {
  version: number;
  current: boolean;
  kept: boolean;
  partition: string;
  path: string;
  kind: string;
  sha256: string | null;
  bytes: number | null;
  rows: number | null;
  run: number;
  task: string;
  published_at: string | null;
  inputs: unknown;
}
export interface DatasetDocument {
  dataset: string;
  versions: DatasetVersion[];
  switches: { path: string; from: number | null; to: number; who: string; reason: string | null; at: string }[];
  refusals: { run: number; task: string; attempt: number; reason: string; at: string }[];
}
export interface Lineage {
  nodes: { id: string; kind: "dataset" | "task"; name: string; pipeline: string | null; partitions: number | null }[];
  edges: { from: string; to: string }[];
}
export interface BackfillLine {
  backfill_id: number;
  pipeline: string;
  state: string;
  reason: string | null;
  created_at: string;
  ended_at: string | null;
  dates: Record<string, number>;
}
export interface BackfillRun {
  logical_date: string;
  partition: string;
  state: string;
  run_id: string | null;
  run_number: number | null;
  reason: string | null;
}
export interface Backfill {
  backfill_id: number | null;
  pipeline: string;
  state: string;
  reason: string | null;
  estimated_seconds: number | null;
  runs: BackfillRun[];
  skipped: { logical_date: string; partition: string; reason: string }[];
}
export interface ModelLine {
  name: string;
  latest_version: number;
  latest_at: string;
  aliases: Record<string, number>;
}
export interface ModelVersion {
  version: number;
  run: number;
  pipeline: string;
  partition: string;
  task: string;
  definition: string;
  path: string;
  published_path: string;
  sha256: string;
  metrics: Record<string, number>;
  inputs: unknown;
  created_at: string;
}
export interface ModelDocument {
  name: string;
  aliases: Record<string, number>;
  versions: ModelVersion[];
  moves: { alias: string; from: number | null; to: number; run: number | null; who: string | null; reason: string | null; at: string }[];
}
