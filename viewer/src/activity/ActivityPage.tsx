export function ActivityPage() {
  return <h1 className="p-3">ActivityPage</h1>;
}
