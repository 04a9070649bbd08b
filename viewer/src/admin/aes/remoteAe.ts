import type { AeBody, RemoteAE } from "../../http/schemas";
import { FIELDS, type FieldKey, fieldOf } from "./fields";

export type { RemoteAE };

/** What the dialog holds: all as it was typed. */
export type Draft = {
  [Key in FieldKey]: (typeof FIELDS)[Key]["kind"] extends "switch" ? boolean : string;
} & {
  allowed: readonly string[];
  /** See `results` of `[[ae]]`: true is everything, null what this AE sent, false nothing. */
  results: boolean | null;
};

const KEYS = Object.keys(FIELDS) as FieldKey[];

const typed = (entry: Partial<RemoteAE>): Draft => ({
  ...(Object.fromEntries(KEYS.map((key) => [key, typedValue(key, entry[key])])) as unknown as Draft),
  allowed: entry.allowed ?? ["echo", "store"],
  results: entry.results ?? null,
});

function typedValue(key: FieldKey, value: unknown): string | boolean {
  const { kind, options } = fieldOf(key);
  if (kind === "switch") return value === true;
  if (Array.isArray(value)) return value.join(", ");
  return String(value ?? options?.[0]?.value ?? "");
}

export const NEW_AE: Draft = typed({});

export const draftOf = (ae: RemoteAE): Draft => typed(ae);

/** As much of an entry as a refused association tells. */
export function draftOfCaller(callingAeTitle: string, address: string): Draft {
  const title = callingAeTitle.trim();
  return { ...NEW_AE, name: title, ae_title: title, host: hostOf(address) };
}

/** The address without its port: `10.0.0.7:50123`, `[2001:db8::7]:50123` and bare ones. */
export function hostOf(address: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(address);
  if (bracketed?.[1]) return bracketed[1];
  return /^[^:]+:\d+$/.test(address) ? address.replace(/:\d+$/, "") : address;
}

export type DraftErrors = Partial<Record<keyof Draft, string>>;

/** What can be told without asking the node, which checks everything. */
export function checkDraft(draft: Draft): DraftErrors {
  const errors: DraftErrors = {};
  const title = draft.ae_title.trim();
  // AE: 16 characters of the default repertoire, no backslash, no control characters, PS3.5 6.2.
  if (!/^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(title)) errors.ae_title = "1 to 16 plain characters, no backslash";
  if (!draft.host.trim()) errors.host = "A host name or an address";
  const port = Number(draft.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) errors.port = "A number from 1 to 65535";
  return errors;
}

/** The entry to be saved; what the dialog does not ask about stays as it was. */
export function entryOf(draft: Draft, before: RemoteAE | null): AeBody {
  const { source: _, ...kept } = before ?? {};
  const values = Object.fromEntries(KEYS.map((key) => [key, savedValue(key, draft[key])]));
  return {
    ...kept,
    ...values,
    name: draft.name.trim() || draft.ae_title.trim(),
    port: Number(draft.port),
    allowed: [...draft.allowed],
    results: draft.results,
  } as AeBody;
}

function savedValue(key: FieldKey, value: string | boolean): unknown {
  if (typeof value === "boolean") return value;
  if (fieldOf(key).kind === "list") return value.split(/[,\s]+/).filter((part) => part !== "");
  return value.trim() || null;
}
