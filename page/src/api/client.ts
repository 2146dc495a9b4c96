/** What the server says when it cannot do what was asked: problem details (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    title: string,
    readonly detail: string,
  ) {
    super(title);
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function addressOf(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") {
      search.set(name, String(value));
    }
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { title?: string; detail?: string };
    if (body.detail) {
      return new Problem(response.status, sentence(body.detail), "");
    }
    return new Problem(response.status, body.title ?? response.statusText, body.detail ?? "");
  } catch {
    return new Problem(response.status, `The server answered ${response.status}`, text.slice(0, 400));
  }
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === "AbortError") {
      throw problem;
    }
    throw new Problem(0, "The server is not there", "Start it with `signalbox serve` in the project's folder; this page goes on by itself.");
  }
  if (!response.ok) {
    throw await problemOf(response);
  }
  return response;
}

export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await send(addressOf(path, query), { headers: { accept: "application/json" }, signal });
  return (await response.json()) as T;
}

export async function getResponse(path: string, query: Query, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
  return send(addressOf(path, query), { headers, signal });
}

/** Asks for a change. Its header is one that a form of another site cannot send. */
export async function change<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await send(path, {
    method,
    headers: { accept: "application/json", "content-type": "application/json", ...(antiforgery ? { "x-signalbox-antiforgery": antiforgery } : {}), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return (text ? JSON.parse(text) : null) as T;
}

let antiforgery: string | null = null;

/** The token that each change of this session sends along. */
export function sendAntiforgery(token: string | null): void {
  antiforgery = token;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
