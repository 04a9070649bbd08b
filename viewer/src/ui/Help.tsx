/** What a field is for, below it. */
export function Help({ id, children }: { id: string; children: string }) {
  return (
    <p id={id} className="text-xs text-muted">
      {children}
    </p>
  );
}
