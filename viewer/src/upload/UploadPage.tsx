export function UploadPage() {
  return <h1 className="p-3">UploadPage</h1>;
}
