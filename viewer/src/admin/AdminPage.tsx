export function AdminPage() {
  return <h1 className="p-3">AdminPage</h1>;
}
