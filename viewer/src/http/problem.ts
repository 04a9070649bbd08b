/** What is wrong with one value of a request. */
export interface ValueError {
  where: string;
  reason: string;
}

/** An error answer of the node, `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    title: string,
    readonly detail?: string,
    readonly errors: readonly ValueError[] = [],
  ) {
    super(detail || title);
    this.name = "Problem";
  }

  static async from(response: Response): Promise<Problem> {
    const fallback = response.statusText || `The node answered with status ${response.status}`;
    try {
      const body = (await response.json()) as { title?: unknown; detail?: unknown; errors?: unknown };
      const errors = Array.isArray(body.errors) ? body.errors.filter(isValueError) : [];
      return new Problem(response.status, text(body.title) ?? fallback, text(body.detail), errors);
    } catch {
      return new Problem(response.status, fallback);
    }
  }
}

function isValueError(value: unknown): value is ValueError {
  const { where, reason } = (value ?? {}) as Partial<ValueError>;
  return typeof where === "string" && typeof reason === "string";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** One sentence for the reader about what went wrong. */
export function explain(error: unknown): string {
  if (error instanceof Problem) {
    if (error.status === 403) return `You are not allowed to do this. ${error.message}`;
    // Another system's failure, in the node's words: the node itself is well.
    if (error.status === 502) return error.message;
    if (error.status >= 500) return `The node could not answer: ${error.message}`;
    return error.message;
  }
  if (error instanceof TypeError) return "The node cannot be reached. Check the network connection.";
  return error instanceof Error ? error.message : String(error);
}
