import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

// The other side of a container: loads a function as FunctionGraph's Node.js runtime is documented to, and calls it.

/** One invocation, as the test asks for it. */
export interface RuntimeInvocation {
  /** The timer trigger's where left out. */
  readonly event?: unknown;
  readonly timeoutMs: number;
  /** Of the function's agency; empty texts without one. */
  readonly agency: { readonly ak: string; readonly sk: string; readonly securityToken: string };
}

/** What came of it, with the lines that it logged. */
export type FunctionGraphOutcome = { readonly lines: readonly string[] } & (
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "error"; readonly errorType: string; readonly errorMessage: string }
);

/** What a timer trigger sends. */
const timerEvent = {
  version: "v1.0",
  time: "2026-11-25T09:00:00+08:00",
  trigger_type: "TIMER",
  trigger_name: "every-minute",
  user_event: "",
};

/** The runtime's context: everything behind a getter, empty where the function has no agency. */
function contextOf({ timeoutMs, agency }: RuntimeInvocation, lines: string[]) {
  const startedMs = Date.now();
  return {
    getRequestID: () => "e834cb5b-1b2b-4c6b-b41c-8bd10fd41826",
    getFunctionName: () => "poll",
    getProjectID: () => "p1",
    getRunningTimeInSeconds: () => timeoutMs / 1_000,
    getRemainingTimeInMilliSeconds: () => timeoutMs + startedMs - Date.now(),
    getUserData: (key: string): unknown => JSON.parse(process.env["RUNTIME_USERDATA"] ?? "{}")[key],
    // Kept for old functions; they have given nothing since the keys became temporary.
    getAccessKey: () => "",
    getSecretKey: () => "",
    getSecurityAccessKey: () => agency.ak,
    getSecuritySecretKey: () => agency.sk,
    getSecurityToken: () => agency.securityToken,
    getLogger: () => ({ info: (line: string) => void lines.push(line) }),
  };
}

async function invoke(root: string, invocation: RuntimeInvocation): Promise<FunctionGraphOutcome> {
  const lines: string[] = [];
  try {
    const { handler } = createRequire(join(root, "index.js"))("./index.js");
    if (handler.length !== 2 && handler.length !== 3)
      throw new TypeError("handler expects 2 or 3 parameters");
    const value: unknown = await handler(invocation.event ?? timerEvent, contextOf(invocation, lines));
    return { kind: "result", value: JSON.parse(JSON.stringify(value)), lines };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { kind: "error", errorType: error.name, errorMessage: error.message, lines };
  }
}

process.on("message", (invocation: RuntimeInvocation) => {
  void invoke(process.argv[2] ?? "", invocation).then((outcome) => process.send?.(outcome));
});
