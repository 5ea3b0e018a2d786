import { describe, expect, it } from "vitest";
import { changeOf, livingTrial, shown } from "./living-trial.ts";
import { json, telegramChat } from "./platforms.ts";

describe("a message on Telegram", () => {
  const moved = {
    ok: false,
    error_code: 400,
    description: "Bad Request: group chat was upgraded to a supergroup chat",
  };
  const bodyOf = ({ text }: { readonly text: string }) => JSON.parse(text) as Record<string, unknown>;

  it("makes a sound only where it wants an eye", async () => {
    const { heard, tell } = await livingTrial("telegram", { mode: "post", topic: 7 });
    for (const kind of ["created", "failed"] as const) await tell(kind);
    expect(heard.map(bodyOf)).toMatchObject([
      { disable_notification: true, message_thread_id: 7 },
      { disable_notification: false, message_thread_id: 7 },
    ]);
  });

  it("that says what it said before is taken for edited", async () => {
    const { tell } = await livingTrial("telegram", {}, (own) => (heard) => {
      if (!heard.url.pathname.endsWith("/editMessageText")) return own(heard);
      return json({ ok: false, error_code: 400, description: "Bad Request: message is not modified" }, 400);
    });
    await tell("created");
    expect(await tell("created")).toBe("accepted");
  });

  it("follows a group that became a supergroup, with every message from then on", async () => {
    const { heard, platform, tell } = await livingTrial(
      "telegram",
      { chat: "-42" },
      (own) => (heard) =>
        String(bodyOf(heard)["chat_id"]) === "-42"
          ? json({ ...moved, parameters: { migrate_to_chat_id: Number(telegramChat) } }, 400)
          : own(heard),
    );
    for (const kind of ["created", "executing"] as const) expect(await tell(kind)).toBe("accepted");
    expect(await tell("created", 2)).toBe("accepted");
    expect(heard.map((one) => String(bodyOf(one)["chat_id"]))).toEqual([
      "-42",
      ...Array(3).fill(telegramChat),
    ]);
    expect(shown(platform.messages)).toEqual(["is running", "was created"]);
  });

  it("of the group before it moved is posted anew", async () => {
    const { platform, references, tell } = await livingTrial(
      "telegram",
      { chat: "-42" },
      (own) => (heard) =>
        String(bodyOf(heard)["chat_id"]) === "-42"
          ? json({ ...moved, parameters: { migrate_to_chat_id: Number(telegramChat) } }, 400)
          : own(heard),
    );
    references.set(changeOf("created", 1).subject, "-42 5");
    expect(await tell("executing")).toBe("accepted");
    expect(shown(platform.messages)).toEqual(["is running"]);
  });
});
