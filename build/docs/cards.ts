import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { messagePage, pageOf } from "../../lib/preview/page.ts";
import { type PlatformType, platformTypes } from "../../lib/preview/platforms.ts";
import { albumOf, sampleSubject } from "../../lib/preview/preview.ts";
import type { Language } from "../../lib/sinks/chat/text.ts";
import { escapeHtml } from "../../lib/text/html.ts";

// `npm run docs:cards` takes the pictures of messages in a real browser. Needs Noto Sans CJK and Noto Color Emoji.

const folder = new URL("../../docs/cards/", import.meta.url);

export interface Picture {
  /** File name in docs/cards, without extension. */
  readonly file: string;
  readonly type: PlatformType;
  readonly language: Language;
  /** Colours of a picture with the console behind its message. @default a page of messages in light colours */
  readonly beside?: "light" | "dark";
}

export const pictures: readonly Picture[] = [
  ...platformTypes.map((type): Picture => ({ file: type, type, language: "en" })),
  { file: "feishu-zh", type: "feishu", language: "zh" },
  { file: "console-light", type: "slack", language: "en", beside: "light" },
  { file: "console-dark", type: "slack", language: "en", beside: "dark" },
  { file: "console-zh-light", type: "feishu", language: "zh", beside: "light" },
  { file: "console-zh-dark", type: "feishu", language: "zh", beside: "dark" },
];

/** Samples that fit into a page; `preview` shows the others. */
const shown = ["succeeded", "failed", "overdue", "digest"];

/** The HTML page of a picture. */
export async function pageFor({ type, language, beside }: Picture): Promise<string> {
  const album = await albumOf(await sampleSubject(type, language));
  const of = (samples: readonly string[]) => ({
    ...album,
    messages: album.messages.filter(({ sample }) => samples.includes(sample)),
  });
  return beside === undefined ? pageOf([of(shown)]) : withConsole(messagePage(of(["failed"])), beside);
}

/** A message in front of the console. */
function withConsole(message: string, colours: "light" | "dark"): string {
  const timeline = readFileSync(new URL(`../console/timeline-${colours}.png`, folder)).toString("base64");
  return `<!doctype html><meta charset="utf-8"><style>
  html { color-scheme: ${colours}; }
  body { margin: 0; background: transparent; }
  section { position: relative; width: 1360px; height: 840px; }
  img { width: 1280px; border-radius: 12px; outline: 1px solid light-dark(#d0d7de, #30363d); margin: 1px; }
  iframe { position: absolute; right: 1px; bottom: 1px; width: 430px; height: 356px; zoom: 1.3; border: 0; border-radius: 12px;
    outline: 1px solid light-dark(#d0d7de, #484f58); box-shadow: 0 12px 40px #0006; }
  </style><section><img src="data:image/png;base64,${timeline}"><iframe srcdoc="${escapeHtml(message)}"></iframe></section>`;
}

/** Hash of a page, which shows when its picture is out of date. */
export const fingerprint = (page: string): string => createHash("sha256").update(page).digest("hex");

async function takePictures(): Promise<void> {
  // Loaded only here, since importers of the pages need no browser.
  const { launchChromium } = await import("../../test/services/chromium.ts");
  const browser = await launchChromium();
  const taken: Record<string, string> = {};
  try {
    for (const picture of pictures) {
      const colorScheme = picture.beside ?? "light";
      const tab = await browser.newPage({ viewport: { width: 1400, height: 900 }, colorScheme });
      const page = await pageFor(picture);
      await tab.setContent(page);
      const image = await tab.locator("section").screenshot({ omitBackground: true });
      await tab.close();
      await writeFile(new URL(`${picture.file}.png`, folder), image);
      taken[picture.file] = fingerprint(page);
    }
  } finally {
    await browser.close();
  }
  await writeFile(new URL("pictures.json", folder), `${JSON.stringify(taken, null, 2)}\n`);
}

if (import.meta.main) await takePictures();
