import type { RemoteAE } from "../../http/schemas";

export type { RemoteAE };

/** The services that the dialog asks about; others that an entry has are kept. */
export const SERVICES = [
  { key: "echo", label: "Echo" },
  { key: "store", label: "Store" },
  { key: "find", label: "Find" },
  { key: "move", label: "Move" },
  { key: "get", label: "Get" },
  { key: "commit", label: "Commit" },
] as const;

/** What the dialog holds: all as it was typed. */
export interface Draft {
  name: string;
  aeTitle: string;
  host: string;
  port: string;
  allowed: readonly string[];
  /** See `results` of `[[ae]]`: true is everything, null what this AE sent, false nothing. */
  results: boolean | null;
}

export const NEW_AE: Draft = {
  name: "",
  aeTitle: "",
  host: "",
  port: "",
  allowed: ["echo", "store"],
  results: null,
};

export function draftOf(ae: RemoteAE): Draft {
  return {
    name: ae.name,
    aeTitle: ae.ae_title,
    host: ae.host,
    port: String(ae.port),
    allowed: ae.allowed,
    results: ae.results ?? null,
  };
}

/** As much of an entry as a refused association tells. */
export function draftOfCaller(callingAeTitle: string, address: string): Draft {
  const aeTitle = callingAeTitle.trim();
  return { ...NEW_AE, name: aeTitle, aeTitle, host: hostOf(address) };
}

/** The address without its port: `10.0.0.7:50123`, `[2001:db8::7]:50123` and bare ones. */
export function hostOf(address: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(address);
  if (bracketed?.[1]) return bracketed[1];
  return /^[^:]+:\d+$/.test(address) ? address.replace(/:\d+$/, "") : address;
}

export type DraftErrors = Partial<Record<"aeTitle" | "host" | "port", string>>;

export function checkDraft(draft: Draft): DraftErrors {
  const errors: DraftErrors = {};
  const title = draft.aeTitle.trim();
  // AE: 16 characters of the default repertoire, no backslash, no control characters, PS3.5 6.2.
  if (!/^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(title)) errors.aeTitle = "1 to 16 plain characters, no backslash";
  if (!draft.host.trim()) errors.host = "A host name or an address";
  const port = Number(draft.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) errors.port = "A number from 1 to 65535";
  return errors;
}

/** The entry to be saved; what the dialog does not ask about stays as it was. */
export function entryOf(draft: Draft, before: RemoteAE | null): Omit<RemoteAE, "source"> {
  const { source: _, ...kept } = before ?? {};
  return {
    ...kept,
    name: draft.name.trim() || draft.aeTitle.trim(),
    ae_title: draft.aeTitle.trim(),
    host: draft.host.trim(),
    port: Number(draft.port),
    allowed: [...draft.allowed],
    results: draft.results,
  };
}
