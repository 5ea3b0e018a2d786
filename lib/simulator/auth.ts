import type { Clock, Random } from "../core/clock.ts";
import type { AccessKey } from "../huawei/sign.ts";
import { refusal } from "./errors.ts";
import type { ReceivedRequest } from "./request.ts";
import type { SimulatedResponse } from "./response.ts";
import type { Route } from "./routes.ts";
import { signatureCheck } from "./signatures.ts";
import { issueTokens, type SimulatedUser } from "./tokens.ts";

// A simulator's default credentials. Made up; valid nowhere else.
/** Access key that the simulator accepts. */
export const demoKey = { ak: "DEMOACCESSKEY0000001", sk: "demo-secret-key-valid-nowhere-0000000001" };
/** IAM token that the simulator accepts. */
export const demoToken = "demo-token-valid-nowhere";
/** IAM user that the simulator issues tokens to. */
export const demoUser: SimulatedUser = {
  username: "demo-user",
  password: "demo-password",
  domain: "demo-account",
};

/** Authentication options of a simulator. */
export interface AuthOptions {
  /** "signed" requires a signature or a token; "none" accepts every request. @default "signed" */
  readonly auth?: "signed" | "none";
  /** Accepted access keys. @default the demo's key */
  readonly keys?: readonly AccessKey[];
  /** Accepted users. @default the demo's user */
  readonly users?: readonly SimulatedUser[];
  /** Accepted tokens; they never expire. @default the demo's token */
  readonly tokens?: readonly string[];
  /** Lifetime of an issued token, milliseconds. @default 24 hours */
  readonly tokenLifeMs?: number;
}

const dayMs = 86_400_000;

/** The response of IAM or the gateway before a request reaches the API; null lets it through. */
export type Admission = (
  request: ReceivedRequest,
  route: Route,
  requestId: string,
) => SimulatedResponse | null;

/** Checks a request's signature or token; null when it is admitted. */
export function admission(
  options: AuthOptions,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Admission {
  const { auth = "signed", keys = [demoKey], users = [demoUser], tokens = [demoToken] } = options;
  const iam = issueTokens({ clock, random, users, tokens, tokenLifeMs: options.tokenLifeMs ?? dayMs });
  const signatureProblem = signatureCheck(keys, clock);

  return (request, route, requestId) => {
    if (route.operation === "CreateToken") return iam.issue(request.body ?? "");
    if (auth === "none") return null;
    const token = request.headers["x-auth-token"];
    if (token === undefined) {
      const problem = signatureProblem(request);
      return problem === null ? null : refusal("badCredentials", requestId, `(${problem})`);
    }
    const state = iam.check(token);
    if (state === "unknown") return refusal("badCredentials", requestId, "(the token cannot be read)");
    return state === "expired" ? refusal("tokenExpired", requestId) : null;
  };
}
