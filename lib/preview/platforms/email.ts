import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { html } from "../html.ts";

const request = v.object({
  FromEmailAddress: v.string(),
  Destination: v.object({ ToAddresses: v.array(v.string()) }),
  Content: v.object({ Raw: v.object({ Data: v.string() }) }),
});

/** A mail program: sender, recipients and the mail's HTML, which is written for light paper. */
export const email: Drawing = {
  looks: "email",
  css: `
    .email .letter { padding: 16px; overflow-wrap: break-word; font-size: 14px; color: #202124; } .email .letter p { line-height: 1.3; }
    .email .card { color-scheme: light; background: #fff; border: 1px solid #dadce0; border-radius: 8px; overflow: hidden; }
    .email .envelope { padding: 8px 16px; background: #f1f3f4; color: #5f6368; font-size: 12px; }`,
  draw: drawJson(
    request,
    ({ FromEmailAddress: from, Destination: { ToAddresses: to }, Content: { Raw } }) => html`
<div class="envelope">${from} to ${to.join(", ")}</div>
<div class="letter">${{ html: htmlIn(Buffer.from(Raw.Data, "base64").toString("latin1")) }}</div>`,
  ),
};

/** The body of the mail's HTML part. */
function htmlIn(letter: string): string {
  const [, encoding, text = ""] =
    /Content-Type: text\/html.*?Content-Transfer-Encoding: ([\w-]+)\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--/s.exec(
      letter,
    ) ?? [];
  const page = encoding === "base64" ? Buffer.from(text, "base64") : quotedPrintable(text);
  const [, body] = /<body[^>]*>(.*)<\/body>/s.exec(page.toString()) ?? [];
  if (body === undefined) throw new Error("the mail has no HTML part");
  return body;
}

const quotedPrintable = (text: string): Buffer =>
  Buffer.from(
    text
      .replaceAll("=\r\n", "")
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
