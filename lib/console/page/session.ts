import { signal } from "@preact/signals";

/**
 * `connecting`: before the first message. `lost`: trying again. `denied`: the token is missing, or the bridge was started
 * anew with another one. `full`: too many pages are open.
 */
export type Connection = "connecting" | "live" | "lost" | "denied" | "full";

export const connection = signal<Connection>("connecting");
/** When the page tries to connect again. */
export const retryAtMs = signal(0);

const storageKey = "token";

/** The token of the printed address. It leaves the address bar at once, and lives as long as the tab. */
export const token = signal(takeToken());

function takeToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return sessionStorage.getItem(storageKey) ?? "";
  sessionStorage.setItem(storageKey, given);
  history.replaceState(null, "", "#/timeline");
  return given;
}

/** Takes the token from what a person pasted: the whole address, or the token alone. */
export function enterToken(pasted: string): void {
  const given = /token=([\w-]+)/.exec(pasted)?.[1] ?? pasted.trim();
  sessionStorage.setItem(storageKey, given);
  token.value = given;
}

/** A refused or failed call, with the server's words. */
export class CallFailed extends Error {}

/** Calls the server. @throws CallFailed */
export async function call<Result>(path: string, body?: unknown): Promise<Result> {
  const response = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${token.peek()}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch(() => null);
  if (!response) throw new CallFailed("the bridge does not answer");
  if (!response.ok) throw new CallFailed((await response.text()).trim());
  return (await response.json()) as Result;
}
