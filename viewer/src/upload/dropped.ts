/** The files of a drop, those in folders included. */
export async function filesOfDrop(transfer: DataTransfer): Promise<File[]> {
  // The entries must be taken before the first await: the browser empties the list afterwards.
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (entries.length === 0) return [...transfer.files];
  return (await Promise.all(entries.map(filesOfEntry))).flat();
}

async function filesOfEntry(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await new Promise<File>((found, fail) => (entry as FileSystemFileEntry).file(found, fail))];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  // A reader gives a folder in pieces; an empty piece is the end.
  for (;;) {
    const piece = await new Promise<FileSystemEntry[]>((found, fail) => reader.readEntries(found, fail));
    if (piece.length === 0) return files;
    for (const child of piece) files.push(...(await filesOfEntry(child)));
  }
}
