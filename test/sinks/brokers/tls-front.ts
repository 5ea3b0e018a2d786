import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { createServer } from "node:tls";
import { listening } from "../../harness/servers.ts";
import { makeCertificate } from "../../services/certificate.ts";
import { serverFolder } from "../../services/server.ts";

export interface TlsFront {
  /** `host:port`. */
  readonly host: string;
  /** The certificate, which is its own authority, in PEM. */
  readonly ca: string;
}

/** Takes TLS connections for a server on loopback that has none, with a certificate that only its `ca` vouches for. */
export async function tlsFront(behind: string): Promise<TlsFront> {
  const folder = await serverFolder("certificate");
  const { key, cert } = await makeCertificate(folder, "IP:127.0.0.1");
  await rm(folder, { recursive: true });
  const server = createServer({ key, cert }, (socket) => {
    const inner = connect(Number(behind.split(":").at(-1)), "127.0.0.1");
    for (const each of [socket, inner]) each.on("error", () => inner.destroy());
    socket.pipe(inner).pipe(socket);
  });
  // A client that does not trust it hangs up.
  server.on("tlsClientError", () => {});
  const { host } = await listening(server);
  return { host, ca: cert };
}
