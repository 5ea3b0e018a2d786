import { describe, expect, it } from "vitest";
import { html } from "../../lib/preview/html.ts";
import { dingtalkMarkdown, discordMarkdown, tagged, wecomMarkdown } from "../../lib/preview/markdown.ts";

describe("HTML from a template", () => {
  it("keeps text as text, and pieces as they are", () => {
    const inner = html`<b>${"<&\"'>"}</b>`;
    expect(html`<p title="${'"'}">${inner}${[inner, inner]}</p>`.html).toBe(
      `<p title="&quot;">${"<b>&lt;&amp;&quot;&#39;&gt;</b>".repeat(3)}</p>`,
    );
  });
});

describe("Markdown", () => {
  it("of Discord has bold, links, and marks that a backslash makes plain", () => {
    expect(discordMarkdown("**a\\_b** [c\\]](https://x.example/) \\*\\*d\\*\\*").html).toBe(
      '<b>a_b</b> <a href="https://x.example/">c]</a> **d**',
    );
  });

  it("of DingTalk has headings, paragraphs, lines and quotes", () => {
    expect(dingtalkMarkdown("#### a\n\nb  \n**c**\n\n> d").html).toBe(
      "<h4>a</h4><p>b<br><b>c</b></p><blockquote>d</blockquote>",
    );
  });

  it("of WeCom has colours by name, and a line each", () => {
    expect(wecomMarkdown('**a**\n> b：<font color="info">c</font>').html).toBe(
      '<div><b>a</b></div><blockquote>b：<span class="info">c</span></blockquote>',
    );
  });

  it("of Telegram and Google Chat is a little HTML, and another tag is text", () => {
    expect(tagged('<b>a &lt;b&gt;</b> <a href="https://x.example/?a=1&amp;b">c</a>').html).toBe(
      '<b>a &lt;b&gt;</b> <a href="https://x.example/?a=1&amp;b">c</a>',
    );
    expect(tagged('<font color="#5F6368">a</font>').html).toBe('<span style="color: #5F6368">a</span>');
    expect(tagged('<img src="x"><a href="javascript:1">').html).toBe(
      "&lt;img src=&quot;x&quot;&gt;&lt;a href=&quot;javascript:1&quot;&gt;",
    );
  });

  it("links to nothing but https", () => {
    expect(dingtalkMarkdown("[a](javascript:1)").html).toBe("<p>[a](javascript:1)</p>");
  });
});
