export function StudyPage() {
  return <h1 className="p-3">StudyPage</h1>;
}
