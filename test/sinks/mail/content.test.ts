import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cardOf } from "../../../lib/sinks/chat/card.ts";
import { words } from "../../../lib/sinks/chat/text.ts";
import { mailContent } from "../../../lib/sinks/mail/content.ts";
import { anyCharacter } from "../../harness/any-character.ts";
import { withoutVisibleSigns } from "../../text/visible-signs.ts";
import { foreignEvent, injections, plainStyle, sampleCard } from "../chat/sample.ts";

describe("a mail", () => {
  it("is plain text for readers without HTML", () => {
    const { subject, text } = mailContent(sampleCard, words.en);
    expect(subject).toBe("❌ resize failed");
    expect(text).toBe(
      [
        "❌ resize failed",
        "kafka · orders · cn-north-4",
        "EXECUTING → FAILED in 5 s",
        "",
        "Operator: li.wei",
        "public_ip: 203.0.113.9",
        "Reason: no quota",
        "",
        "Console: https://console.example.com/?i=1",
        "",
        "task t-1",
        "",
      ].join("\n"),
    );
  });

  it("is HTML with a bar of the status's colour for the others", () => {
    const { html } = mailContent(sampleCard, words.en);
    expect(html).toContain('<div style="border-left:4px solid #D93025;padding-left:12px">');
    expect(html).toContain('<a href="https://console.example.com/?i=1">Console</a>');
    const shown = html.replace(/<[^>]*>/g, "|").replace(/[|\n]+/g, "|");
    expect(shown).toBe(
      "|❌ resize failed|kafka · orders · cn-north-4|EXECUTING → FAILED in 5 s|Operator|li.wei|public_ip|203.0.113.9|Reason|no quota|Console|task t-1|",
    );
  });

  it("leaves out what a digest has not", () => {
    const digest = { ...sampleCard, transition: "", links: [], footer: "" };
    const { text, html } = mailContent(digest, words.zh);
    expect(text).toMatch(/cn-north-4\n\nOperator：li\.wei\n[^\n]+\n[^\n]+\n$/);
    expect(html.match(/<p /g)).toHaveLength(2);
  });

  const hostile = fc.oneof(
    fc.constantFrom(...injections, '"><img src=x onerror=alert(1)>', "' onmouseover='x", "</td></table>"),
    fc.string({ unit: anyCharacter, maxLength: 300 }),
  );

  it("shows foreign text as it is, with no tag, attribute, entity or link of its own", () => {
    const style = { ...plainStyle, links: { Console: "https://console.example.com/{name}" } };
    const plain = mailContent(cardOf(foreignEvent("x"), style), words.en);
    const tagsOf = (html: string) => html.match(/<[a-z/!][^>]*>/g)?.map((tag) => tag.split(/[\s>]/)[0]);
    fc.assert(
      fc.property(hostile, (text) => {
        // A text that is only spaces has no facts.
        const { html, subject, ...mail } = mailContent(cardOf(foreignEvent(`x${text}`), style), words.en);
        expect(tagsOf(html)).toEqual(tagsOf(plain.html));
        expect(html.replace(/<[^>]*>/g, "")).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)|:\/\//);
        expect(mail.text.replace(/^Console: https:.*$/m, "")).not.toContain("://");
        expect(mail.text.split("\n")).toHaveLength(plain.text.split("\n").length);
        expect(withoutVisibleSigns(subject)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(subject.length).toBeLessThanOrEqual(200);
      }),
    );
  });
});
