/** The first part of a `multipart/related` body, RFC 2046; another body is itself the part. */
export function firstPart(contentType: string, body: Uint8Array): Uint8Array {
  if (!contentType.toLowerCase().startsWith("multipart/")) return body;
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) throw new Error("The node's answer has no boundary");
  const headers = find(body, encode(`--${boundary}`), 0);
  const start = find(body, encode("\r\n\r\n"), headers) + 4;
  const end = find(body, encode(`\r\n--${boundary}`), start);
  return body.subarray(start, end);
}

const encode = (text: string) => new TextEncoder().encode(text);

function find(body: Uint8Array, wanted: Uint8Array, from: number): number {
  const [first] = wanted;
  if (first === undefined) return from;
  for (let at = body.indexOf(first, from); at >= 0; at = body.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => body[at + index] === byte)) return at;
  }
  throw new Error("The node's answer was cut short");
}
