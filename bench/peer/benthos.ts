import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = fileURLToPath(new URL("benthos", import.meta.url));

/** Builds the peer in Go, and returns its program. Null, which `note` is told with the reason, where it cannot be built. */
export async function buildBenthos(note: (text: string) => void): Promise<string | null> {
  try {
    await promisify(execFile)("go", ["build", "-C", folder, "-o", "target/benthos", "."]);
    return `${folder}/target/benthos`;
  } catch (error) {
    const problem = error instanceof Error && "stderr" in error && error.stderr ? error.stderr : error;
    note(`Left out: the peer Benthos, which needs Go 1.26: ${problem}`);
    return null;
  }
}
