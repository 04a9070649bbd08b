import { explain, Problem } from "../../http/problem";
import type { Draft, DraftErrors } from "./remoteAe";

interface Refusal {
  /** What the node says of single fields. */
  fields: DraftErrors;
  /** What it says of the whole; empty where the fields say it all. */
  whole: string;
}

/** Sort what the node refused by the fields of the dialog. */
export function refusalOf(error: unknown, draft: Draft): Refusal {
  if (error === null) return { fields: {}, whole: "" };
  if (!(error instanceof Problem) || error.errors.length === 0) return { fields: {}, whole: explain(error) };
  const fields: DraftErrors = {};
  const others: string[] = [];
  for (const { where, reason } of error.errors) {
    const key = where.split(".")[1] ?? "";
    const words = reason.replace(/^Value error, /, "");
    if (key in draft) fields[key as keyof Draft] ??= words;
    else others.push(words);
  }
  return { fields, whole: others.join("; ") };
}
