import { csrfHeaders } from "../http/client";
import type { Schemas } from "../http/schemas";

export type UploadOutcome = Schemas["Upload"];

/** Send one batch; `fetch` cannot tell how much has gone, so this is an XMLHttpRequest. */
export function sendBatch(
  files: readonly File[],
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<UploadOutcome> {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.webkitRelativePath || file.name);
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", "/api/v1/uploads");
    for (const [name, value] of Object.entries(csrfHeaders())) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText) as UploadOutcome);
      else reject(new Error(reasonOf(xhr)));
    };
    xhr.onerror = () => reject(new Error("The node cannot be reached"));
    xhr.onabort = () => reject(new DOMException("The upload was stopped", "AbortError"));
    signal.addEventListener("abort", () => xhr.abort());
    xhr.send(form);
  });
}

function reasonOf(xhr: XMLHttpRequest): string {
  try {
    const problem = JSON.parse(xhr.responseText) as { detail?: string; title?: string };
    return problem.detail || problem.title || `Status ${xhr.status}`;
  } catch {
    return `The node answered with status ${xhr.status}`;
  }
}
