import { describe, expect, it } from "vitest";
import { type LivingType, livingTypes } from "./living-platforms.ts";
import { changeOf, livingTrial, shown, wordIn } from "./living-trial.ts";

const threaded = new Set<LivingType>(["slackapp", "telegram", "feishuapp"]);

describe.each(livingTypes)("a task on %s", (type) => {
  it("has one message, which is edited as the task changes", async () => {
    const { platform, tell } = await livingTrial(type);
    for (const kind of ["created", "executing", "succeeded"] as const)
      expect(await tell(kind)).toBe("accepted");
    expect(shown(platform.messages)).toEqual(["succeeded"]);
    expect(platform.messages[0]?.edits).toBe(2);
  });

  it("has its message apart from other tasks'", async () => {
    const { platform, tell } = await livingTrial(type);
    for (const task of [1, 2, 1, 2]) expect(await tell("executing", task)).toBe("accepted");
    expect(platform.messages.map(({ edits }) => edits)).toEqual([1, 1]);
  });

  it.each(["failed", "overdue"] as const)(
    "that is edited to %s tells it in a message of its own too",
    async (kind) => {
      const { platform, tell } = await livingTrial(type);
      await tell("executing");
      expect(await tell(kind)).toBe("accepted");
      const word = kind === "overdue" ? "is overdue" : kind;
      expect(shown(platform.messages)).toEqual([word, threaded.has(type) ? `answer ${word}` : word]);
      expect(await tell("succeeded")).toBe("accepted");
      expect(shown(platform.messages)[0]).toBe("succeeded");
      expect(platform.messages).toHaveLength(2);
    },
  );

  it("that fails at first sight is told once", async () => {
    const { platform, tell } = await livingTrial(type);
    await tell("failed");
    expect(shown(platform.messages)).toEqual(["failed"]);
  });

  it("whose message somebody removed gets a new one, which is edited from then on", async () => {
    const { platform, tell } = await livingTrial(type);
    await tell("created");
    platform.remove(0);
    expect(await tell("failed")).toBe("accepted");
    expect(await tell("succeeded")).toBe("accepted");
    expect(shown(platform.messages)).toEqual(["was created", "succeeded"]);
  });

  it("has a message for each change where that is wanted", async () => {
    const { platform, tell, references } = await livingTrial(type, { mode: "post" });
    for (const kind of ["created", "succeeded"] as const) expect(await tell(kind)).toBe("accepted");
    expect(shown(platform.messages)).toEqual(["was created", "succeeded"]);
    expect(references.size).toBe(0);
  });

  it("in a digest keeps the message it had, and one that had none gets its own with the next change", async () => {
    const { platform, tell, deliver, references } = await livingTrial(type, { digestAbove: 1 });
    await tell("created", 1);
    const results = await deliver(changeOf("executing", 1), changeOf("executing", 2));
    expect(results).toEqual([{ kind: "accepted" }, { kind: "accepted" }]);
    expect([...references.keys()]).toEqual([changeOf("created", 1).subject]);
    await tell("succeeded", 1);
    await tell("succeeded", 2);
    expect(platform.messages.map(({ edits }) => edits)).toEqual([1, 0, 0]);
  });

  it("is owed its change while the edit does not pass, and nothing is posted instead", async () => {
    const { platform, tell } = await livingTrial(
      type,
      {},
      (own) => (heard) => (heard.number === 3 ? { status: 503 } : own(heard)),
    );
    await tell("created");
    if (platform.messages.length === 0) throw new Error("nothing was posted");
    const kinds = [await tell("executing"), await tell("executing"), await tell("executing")];
    expect(kinds.filter((kind) => kind === "retry")).toHaveLength(1);
    expect(shown(platform.messages)).toEqual(["is running"]);
  });

  it("is refused to its platform with the meaning of a first message", async () => {
    const { tell } = await livingTrial(
      type,
      {},
      (own) => (heard) => (wordIn(heard.text) === "is running" ? { status: 401 } : own(heard)),
    );
    await tell("created");
    expect(await tell("executing")).toBe("blocked");
  });

  it("tells its failure once more where only the second message did not pass", async () => {
    let refuse = true;
    const { platform, tell } = await livingTrial(type, {}, (own) => (heard) => {
      const isSecond = platform.messages[0]?.edits === 1 && wordIn(heard.text) === "failed" && refuse;
      if (!isSecond) return own(heard);
      refuse = false;
      return { status: 503 };
    });
    await tell("created");
    expect(await tell("failed")).toBe("retry");
    expect(await tell("failed")).toBe("accepted");
    expect(platform.messages).toHaveLength(2);
  });
});

describe.each(livingTypes.filter((type) => threaded.has(type)))("a thread on %s", (type) => {
  it("holds every change but the first, below the first", async () => {
    const { platform, tell } = await livingTrial(type, { mode: "thread" });
    for (const kind of ["created", "executing", "failed"] as const) expect(await tell(kind)).toBe("accepted");
    expect(shown(platform.messages)).toEqual(["was created", "answer is running", "answer failed"]);
    expect(platform.messages.map(({ edits, below }) => [edits, below])).toEqual([
      [0, null],
      [0, platform.messages[0]?.id],
      [0, platform.messages[0]?.id],
    ]);
  });

  it("begins anew where somebody removed its first message", async () => {
    const { platform, tell } = await livingTrial(type, { mode: "thread" });
    await tell("created");
    platform.remove(0);
    for (const kind of ["executing", "succeeded"] as const) expect(await tell(kind)).toBe("accepted");
    expect(shown(platform.messages)).toEqual(["was created", "is running", "answer succeeded"]);
  });
});

describe("an answer in a thread on Slack", () => {
  it("shows in the channel too where it wants an eye", async () => {
    const { heard, tell } = await livingTrial("slackapp", { mode: "thread" });
    for (const kind of ["created", "executing", "failed"] as const) await tell(kind);
    const broadcasts = heard.map(
      ({ text }) => (JSON.parse(text) as { reply_broadcast?: boolean }).reply_broadcast,
    );
    expect(broadcasts).toEqual([undefined, false, true]);
  });
});

describe("an edit on Discord", () => {
  it("goes to the webhook's own URL and mentions nobody", async () => {
    const { heard, tell, references } = await livingTrial("discord");
    await tell("created");
    await tell("succeeded");
    expect(
      heard.map(({ method, url }) => [method, url.pathname.split("/").slice(-2).join("/"), url.search]),
    ).toEqual([
      ["POST", expect.stringMatching(/^1\//), "?wait=true"],
      ["PATCH", `messages/${[...references.values()][0]}`, ""],
    ]);
    for (const { text } of heard) expect(JSON.parse(text).allowed_mentions).toEqual({ parse: [] });
  });
});
