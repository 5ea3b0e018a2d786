import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Creates a folder and those above it. Node's own recursion never ends below /proc. Resolves with the topmost one that
 * was created, null when it was there.
 */
export async function makeFolder(folder: string): Promise<string | null> {
  if (await isFolder(folder)) return null;
  const above = dirname(folder);
  const topmost = above === folder ? null : await makeFolder(above);
  try {
    await mkdir(folder);
  } catch (error) {
    // Another process may have created it meanwhile.
    if (!(await isFolder(folder))) throw error;
  }
  return topmost ?? folder;
}

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
