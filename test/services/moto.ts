import { motoProgram } from "./programs.ts";
import { accepts, freePort, type Server, serverFolder, startServer } from "./server.ts";

/** Services of AWS on loopback, by moto, which checks each signature and permission; it forgets all when it ends. */
export interface Moto extends Server {
  readonly origin: string;
  /** A key that may do everything. */
  readonly key: MotoKey;
  /** A key that may do nothing. */
  readonly idleKey: MotoKey;
}

export interface MotoKey {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

export const motoAccount = "123456789012";

export async function startMoto(): Promise<Moto> {
  const folder = await serverFolder("moto");
  const port = await freePort();
  const server = await startServer({
    program: motoProgram,
    args: ["--host", "127.0.0.1", "--port", String(port)],
    folder,
    isReady: accepts(port),
  });
  const origin = `http://127.0.0.1:${port}`;
  try {
    return { ...server, origin, ...(await makeKeys(origin)) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function makeKeys(origin: string): Promise<Pick<Moto, "key" | "idleKey">> {
  const key = await newKey(origin, "bridge");
  const idleKey = await newKey(origin, "idle");
  const Statement = { Effect: "Allow", Action: "*", Resource: "*" };
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await iam(origin, { Action: "PutUserPolicy", UserName: "bridge", PolicyName: "all", PolicyDocument });
  // From here on moto checks signatures and policies.
  await post(`${origin}/moto-api/reset-auth`, "0");
  return { key, idleKey };
}

async function newKey(origin: string, user: string): Promise<MotoKey> {
  await iam(origin, { Action: "CreateUser", UserName: user });
  const answer = await iam(origin, { Action: "CreateAccessKey", UserName: user });
  const field = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(answer)?.[1] ?? "";
  return { AWS_ACCESS_KEY_ID: field("AccessKeyId"), AWS_SECRET_ACCESS_KEY: field("SecretAccessKey") };
}

/** Before moto checks signatures it only reads there which service is meant. */
const iamScope = { authorization: "AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/iam/aws4_request" };

const iam = (origin: string, fields: Readonly<Record<string, string>>): Promise<string> =>
  post(origin, new URLSearchParams({ Version: "2010-05-08", ...fields }), iamScope);

async function post(
  url: string,
  body: string | URLSearchParams,
  headers: Record<string, string> = {},
): Promise<string> {
  const response = await fetch(url, { method: "POST", body, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`moto answers HTTP ${response.status}: ${text}`);
  return text;
}
