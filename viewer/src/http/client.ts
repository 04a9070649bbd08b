import { Problem } from "./problem";

const SAFE = new Set(["GET", "HEAD"]);

let csrf: string | null = null;

/** Remember the token that proves to the node that an unsafe request comes from this page. */
export function rememberCsrf(token: string | null | undefined): void {
  csrf = token ?? null;
}

export function csrfHeaders(): Record<string, string> {
  return csrf ? { "X-CSRF-Token": csrf } : {};
}

interface Options {
  method?: string;
  body?: unknown;
  accept?: string;
  signal?: AbortSignal | undefined;
}

async function send(path: string, { method = "GET", body, accept, signal }: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: accept ?? "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (!SAFE.has(method)) Object.assign(headers, csrfHeaders());
  const response = await fetch(path, {
    method,
    headers,
    credentials: "same-origin",
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
  });
  if (!response.ok) throw await Problem.from(response);
  return response;
}

export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export async function requestBytes(path: string, options: Options = {}): Promise<Response> {
  return send(path, options);
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export type QueryValues = Record<string, string | number | undefined | null>;

/** A path with those parameters that have a value. */
export function withQuery(path: string, parameters: QueryValues): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
