import { describe, expect, it } from "vitest";
import type { EventKind } from "../../../lib/change/kind.ts";
import { nowMs, running, sampleDeps } from "../sample.ts";
import { livingEmulator } from "./living-platforms.ts";
import { changeOf, livingTrial, shown } from "./living-trial.ts";
import { type ChatAnswering, chatTrial, json, secret, tenantToken } from "./platforms.ts";

describe("an app of Feishu", () => {
  const setUpApp = async (
    tokens: ChatAnswering,
    answering = livingEmulator("feishuapp").answering,
    nowMsOf = () => nowMs,
  ) => {
    const clock = { ...sampleDeps.clock, now: () => nowMsOf() };
    const { sink, heard } = await chatTrial("feishuapp", {}, answering, { ...sampleDeps, clock }, tokens);
    const tell = async (kind: EventKind, task = 1) =>
      (await sink.deliver([changeOf(kind, task)], running()))[0];
    return { sink, heard, tell };
  };

  it("asks for its token once, and again shortly before its end", async () => {
    let asked = 0;
    let now = nowMs;
    const counting: ChatAnswering = (heard) => {
      asked += 1;
      return tenantToken(heard);
    };
    const { sink, tell } = await setUpApp(counting, undefined, () => now);
    await Promise.all([tell("created", 1), tell("created", 2)]);
    now += 6_800_000;
    await tell("created", 3);
    expect(asked).toBe(1);
    now += 101_000;
    expect(await tell("created", 4)).toMatchObject({ kind: "accepted" });
    expect(asked).toBe(2);
    await sink.close();
  });

  it("asks for another where its token is refused before its time, and sends the message in the same delivery", async () => {
    let asked = 0;
    const stale: ChatAnswering = (heard) => {
      asked += 1;
      return asked === 1
        ? json({ code: 0, tenant_access_token: "t-withdrawn", expire: 7_200 })
        : tenantToken(heard);
    };
    const { tell, heard } = await setUpApp(stale);
    expect(await tell("created")).toMatchObject({ kind: "accepted" });
    expect([asked, heard.length]).toEqual([2, 2]);
  });

  it.each([
    [
      "with a wrong secret blocks",
      () => json({ code: 10014, msg: `app secret invalid ${secret}` }),
      "blocked unauthorized",
    ],
    ["without a token in the answer waits", () => json({ code: 0, msg: "ok" }), "retry server_error"],
    ["whose token service is down waits", () => ({ status: 503 }), "retry server_error"],
    ["whose token service breaks off waits", () => ({ reset: true }), "retry network"],
  ] as const)("%s", async (_, tokens, expected) => {
    const { tell, heard } = await setUpApp(tokens);
    const result = await tell("created");
    expect(result?.kind !== "accepted" && `${result?.kind} ${result?.reason}`).toBe(expected);
    expect(JSON.stringify(result)).not.toContain(secret);
    expect(heard).toEqual([]);
  });

  it("waits as long as the platform's own header says", async () => {
    const limited = json({ code: 99991400, msg: "request trigger frequency limit" }, 429);
    const { tell } = await setUpApp(tenantToken, () => ({
      ...limited,
      headers: { ...limited.headers, "x-ogw-ratelimit-reset": "12" },
    }));
    expect(await tell("created")).toMatchObject({ kind: "retry", reason: "throttled", retryAfterMs: 12_000 });
  });

  it("posts nothing twice within an hour, though the answer to the first was lost", async () => {
    const { platform, tell, references } = await livingTrial("feishuapp");
    await tell("created");
    references.clear();
    expect(await tell("created")).toBe("accepted");
    await tell("succeeded");
    expect(shown(platform.messages)).toEqual(["succeeded"]);
  });

  it("answers in the group, or in a thread where that is wanted", async () => {
    for (const [mode, isThread] of [
      ["update", false],
      ["thread", true],
    ] as const) {
      const { heard, tell } = await livingTrial("feishuapp", { mode });
      for (const kind of ["created", "failed"] as const) await tell(kind);
      expect(JSON.parse(heard.at(-1)?.text ?? "")).toMatchObject({ reply_in_thread: isThread });
    }
  });
});
