// The reader of the page: the principal of the browser's session, which scripts cannot read.
import { signal } from "@preact/signals";
import { loginNeeded, request } from "./api";

export interface Session {
  /** True if requests need a login. */
  authentication: boolean;
  /** True if people log in at a provider of OpenID Connect. */
  openid: boolean;
  principal: { name: string; project: string; role: "read" | "user" | "admin" } | null;
  expires_at: string | null;
}

const NONE: Session = { authentication: false, openid: false, principal: null, expires_at: null };

/** The session; null until the service has answered. */
export const session = signal<Session | null>(null);

/** Ask the service who the reader is. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await request<Session>("/session");
  } catch {
    session.value = NONE; // each page then shows by itself that the service does not answer
  }
}

/** Begin a session with a token; throw a Problem if it is not valid. */
export async function logIn(token: string): Promise<void> {
  session.value = await request<Session>("/session", { body: { token } });
  loginNeeded.value = false;
}

/** End the session. The page of the reader closes first, so that no request of it comes after the end. */
export async function logOut(): Promise<void> {
  const before = session.value;
  session.value = before && { ...before, principal: null };
  await new Promise((resolve) => setTimeout(resolve)); // until the page is closed
  try {
    session.value = await request<Session>("/session", { method: "DELETE" });
  } catch (error) {
    session.value = before;
    throw error;
  }
}

/** Return true if requests need a token. */
export function needsToken(): boolean {
  return !!session.value?.authentication;
}
