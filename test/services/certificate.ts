import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "./programs.ts";

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM; it is its own authority. */
  readonly cert: string;
  readonly key: string;
}

/** A certificate for one host, such as `DNS:localhost` or `IP:127.0.0.1`, made in the folder. */
export async function makeCertificate(folder: string, forHost: string): Promise<Certificate> {
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"];
  const host = ["-subj", "/CN=test", "-addext", `subjectAltName=${forHost}`];
  const args = ["req", "-x509", ...kind, ...host, "-out", certFile, "-keyout", keyFile];
  await promisify(execFile)(findProgram("openssl") ?? "openssl", args);
  const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
  return { certFile, keyFile, cert, key };
}
