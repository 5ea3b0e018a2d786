import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { onTestFinished } from "vitest";
import { findProgram } from "../../services/programs.ts";
import { freePort } from "../../services/server.ts";

export interface TlsFront {
  /** `host:port`. */
  readonly host: string;
  /** The certificate, which is its own authority, in PEM. */
  readonly ca: string;
}

/** Takes TLS connections for a server on loopback that has none, with a certificate that only its `ca` vouches for. */
export async function tlsFront(behind: string): Promise<TlsFront> {
  const { key, cert } = await certificate();
  const sockets = new Set<Socket>();
  const server = createServer({ key, cert }, (socket) => {
    const inner = connect(Number(behind.split(":").at(-1)), "127.0.0.1");
    for (const each of [socket, inner]) sockets.add(each.on("error", () => inner.destroy()));
    socket.pipe(inner).pipe(socket);
  });
  // A client that does not trust it hangs up.
  server.on("tlsClientError", () => {});
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: `127.0.0.1:${port}`, ca: cert };
}

async function certificate(): Promise<{ readonly key: string; readonly cert: string }> {
  const folder = await mkdtemp(join(tmpdir(), "certificate-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const request = ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "2", "-subj", "/CN=127.0.0.1"];
  const out = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert];
  try {
    execFileSync(findProgram("openssl") ?? "openssl", [...request, ...out], { stdio: "ignore" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}
