import type { Clock, Random } from "../core/clock.ts";
import type { AccessKey } from "../huawei/sign.ts";
import { refusal } from "./errors.ts";
import type { ReceivedRequest } from "./request.ts";
import type { SimulatedResponse } from "./response.ts";
import type { Route } from "./routes.ts";
import { signatureCheck } from "./signatures.ts";
import { issueTokens, type SimulatedUser } from "./tokens.ts";

// What a simulator accepts unless it is told otherwise. Made up; valid nowhere else.
export const demoKey = { ak: "DEMOACCESSKEY0000001", sk: "demo-secret-key-valid-nowhere-0000000001" };
export const demoToken = "demo-token-valid-nowhere";
export const demoUser: SimulatedUser = {
  username: "demo-user",
  password: "demo-password",
  domain: "demo-account",
};

export interface AuthOptions {
  /** "signed", the default, wants a signature or a token; "none" lets everybody in. */
  readonly auth?: "signed" | "none";
  /** Who is let in; the demo's key, user and token where left out. A token given here is good for ever. */
  readonly keys?: readonly AccessKey[];
  readonly users?: readonly SimulatedUser[];
  readonly tokens?: readonly string[];
  /** How long an issued token is good; 24 hours where left out. */
  readonly tokenLifeMs?: number;
}

const dayMs = 86_400_000;

/** What IAM or the gateway answer before the API hears of a request; null lets it through. */
export type Admission = (
  request: ReceivedRequest,
  route: Route,
  requestId: string,
) => SimulatedResponse | null;

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
