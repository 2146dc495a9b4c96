import { chunkBytes, placeOf, rangeOf } from "../logic/log";
import { addressOf, Problem } from "./client";

export interface LogPlace {
  run: string;
  task: string;
  attempt: number;
  stream: "stdout" | "stderr";
}

export function logPath(place: LogPlace): string {
  return addressOf(`/api/runs/${place.run}/tasks/${encodeURIComponent(place.task)}/attempts/${place.attempt}/log`, { stream: place.stream });
}

/** Bytes of a log from a place on, and how long it is; the last `chunkBytes` when `from` is null. */
export async function readLog(place: LogPlace, from: number | null, count = chunkBytes, signal?: AbortSignal): Promise<{ bytes: Uint8Array; at: number; total: number }> {
  const range = from === null ? `bytes=-${count}` : `bytes=${from}-${from + count - 1}`;
  const response = await fetch(logPath(place), { headers: { range }, signal, credentials: "same-origin" });
  const header = rangeOf(response.headers.get("content-range"));
  if (response.status === 416) {
    return { bytes: new Uint8Array(), at: header?.total ?? 0, total: header?.total ?? 0 };
  }
  if (!response.ok) {
    const body = (await response.json()) as { title: string; detail?: string };
    throw new Problem(response.status, body.detail ?? body.title, "");
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { bytes, at: header?.from ?? 0, total: header?.total ?? bytes.length };
}

const searchBytes = 4 * 1024 * 1024;

/** Where a text stands next after a place; null when it does not. `progress` is told how far the search has come, 0 to 1. */
export async function findInLog(place: LogPlace, text: string, after: number, progress: (share: number) => void, signal: AbortSignal): Promise<number | null> {
  const overlap = new TextEncoder().encode(text).length;
  for (let from = after; ; ) {
    const { bytes, total } = await readLog(place, from, searchBytes, signal);
    const found = placeOf(bytes, text);
    if (found >= 0) {
      return from + found;
    }
    if (bytes.length === 0 || from + bytes.length >= total) {
      return null;
    }
    from += Math.max(1, bytes.length - overlap);
    progress(from / total);
  }
}
