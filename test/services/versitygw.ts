import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { versitygwProgram } from "./programs.ts";
import { accepts, freePort, type Server, serverFolder, startServer } from "./server.ts";

/** An object store of S3's kind on loopback, with its objects as files below its folder; it checks each signature. */
export interface Versitygw extends Server {
  readonly origin: string;
  /** An empty bucket. */
  readonly bucket: string;
  readonly environment: Readonly<Record<string, string>>;
}

const key = { AWS_ACCESS_KEY_ID: "bridge", AWS_SECRET_ACCESS_KEY: "loopback-only" };

export async function startVersitygw(): Promise<Versitygw> {
  const folder = await serverFolder("versitygw");
  const bucket = "records";
  await mkdir(join(folder, "data", bucket), { recursive: true });
  await mkdir(join(folder, "sidecar"));
  const port = await freePort();
  const server = await startServer({
    program: versitygwProgram,
    args: [
      ...["--access", key.AWS_ACCESS_KEY_ID, "--secret", key.AWS_SECRET_ACCESS_KEY],
      ...["--port", `127.0.0.1:${port}`, "--quiet"],
      // Not every file system has the attributes that it keeps beside an object otherwise.
      ...["posix", "--sidecar", join(folder, "sidecar"), join(folder, "data")],
    ],
    folder,
    isReady: accepts(port),
  });
  const origin = `http://127.0.0.1:${port}`;
  return { ...server, origin, bucket, environment: { ...key, AWS_REGION: "us-east-1" } };
}
