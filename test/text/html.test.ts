import fc from "fast-check";
import { expect, it } from "vitest";
import { escapeHtml, visibleText } from "../../lib/text/html.ts";

const text = fc.string({ unit: "grapheme" }).map((each) => each.replace(/\s+/g, " ").trim());

it("the visible text of a page is what was escaped into it", () => {
  fc.assert(
    fc.property(text, fc.string(), (shown, unseen) => {
      const hidden = unseen.replace(/[<>-]/g, "");
      const page = `<html><title>${hidden}</title><!-- ${hidden} --><p class="${hidden}">${escapeHtml(shown)}</p><script>${hidden}</script>`;
      if (shown !== "") expect(visibleText(page)).toBe(shown);
    }),
  );
});

it.each(["<!--", "<script>", "<title>", "<", "&#1;", "<b"])(
  "the visible text of a million characters of %s is found at once",
  (part) => {
    const startedMs = performance.now();
    visibleText(part.repeat(Math.ceil(1_000_000 / part.length)));
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  },
);
